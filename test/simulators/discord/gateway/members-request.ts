import type { Guild } from '../world/guild.ts';
import { INTENT } from './protocol.ts';
import type { Session } from './session.ts';

/** Members per GUILD_MEMBERS_CHUNK. */
const CHUNK = 1_000;

interface Member {
  readonly user: { readonly id: string; readonly username: string };
}

const memberOf = (json: string): Member => JSON.parse(json);

/** Answers op 8. https://discord.com/developers/docs/events/gateway-events#request-guild-members */
export const answerMembersRequest = (session: Session, guilds: readonly Guild[], data: unknown): void => {
  if (typeof data !== 'object' || data === null) return;
  const request = data as Record<string, unknown>;
  const guild = guilds.find(({ id }) => id === request['guild_id']);
  if (guild === undefined || !session.covers(guild)) return;

  const ids = request['user_ids'] === undefined ? null : [request['user_ids']].flat().map(String);
  const prefix = typeof request['query'] === 'string' ? request['query'] : '';
  const limit = typeof request['limit'] === 'number' && request['limit'] > 0 ? Math.min(request['limit'], 100) : 0;
  const everybody = ids === null && prefix === '' && limit === 0;
  if (everybody && !session.wants(INTENT.GuildMembers)) return;

  const found =
    ids === null
      ? byName(guild, prefix, limit)
      : ids
          .map((id) => guild.member(BigInt(id)))
          .filter((member) => member !== null)
          .map(memberOf);
  const known = new Set(found.map((member) => member.user.id));
  const chunks = Math.max(1, Math.ceil(found.length / CHUNK));
  for (let index = 0; index < chunks; index++) {
    session.dispatch(
      'GUILD_MEMBERS_CHUNK',
      JSON.stringify({
        guild_id: guild.id,
        members: found.slice(index * CHUNK, (index + 1) * CHUNK),
        chunk_index: index,
        chunk_count: chunks,
        not_found: (ids ?? []).filter((id) => !known.has(id)),
        ...(request['nonce'] === undefined ? {} : { nonce: request['nonce'] }),
      }),
    );
  }
};

const byName = (guild: Guild, prefix: string, limit: number): Member[] => {
  const matching = guild
    .membersAfter(0n)
    .map(memberOf)
    .filter(({ user }) => user.username.startsWith(prefix));
  return limit === 0 ? matching : matching.slice(0, limit);
};
