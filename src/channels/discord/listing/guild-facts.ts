import { Effect, Schema } from 'effect';
import type { DirectoryRequest } from '../../channel.ts';
import { ApiGuild, ApiMember } from '../guilds/guild-atlas.ts';
import type { Cursor } from './directory-cursor.ts';
import { type Found, isPassedOver, type Listing, type Reader } from './listing.ts';

const guildOf = (cursor: Cursor): string | null => ('guild' in cursor ? cursor.guild : null);

/**
 * Permissions are worked out before anything is asked, and that takes the guild's roles, the bot's own, and the
 * channels. The gateway brings them unasked; whatever it left out is asked for here, one request at a time, after
 * which the listing goes on where it was. Null when nothing is missing.
 */
export const learnFacts = ({ requests, atlas }: Reader, cursor: Cursor, request: DirectoryRequest): Listing | null => {
  const { only } = request;
  const guildId = guildOf(cursor) ?? (only === null ? null : (atlas.channel(only)?.guild_id ?? null));
  if (guildId === null) return null;
  const known = atlas.guild(guildId);
  const goOn = (answer?: Found['answer']): Found => ({
    nextCursor: cursor,
    ...(answer === undefined ? {} : { answer }),
  });

  if (known.roles === null) {
    return requests.get(`/guilds/${guildId}`, {}, ApiGuild).pipe(
      Effect.map((answer) => {
        atlas.learnWholeGuild(answer.value);
        return goOn(answer);
      }),
      // Nothing is known then, which makes nothing unreadable.
      Effect.catchIf(isPassedOver(request), () =>
        Effect.sync(() => {
          known.roles = new Map();
          return goOn();
        }),
      ),
    );
  }
  if (known.botRoles === null && known.roles.size > 0) {
    return requests.get(`/guilds/${guildId}/members/${atlas.botId}`, {}, ApiMember).pipe(
      Effect.map((answer) => {
        known.botRoles = answer.value.roles;
        return goOn(answer);
      }),
      Effect.catchIf(isPassedOver(request), () =>
        Effect.sync(() => {
          known.roles = new Map();
          return goOn();
        }),
      ),
    );
  }
  const isMissing = only === null ? !known.listed : !known.listed && !known.channels.has(only);
  if (isMissing && (cursor.stage === 'active' || cursor.stage === 'archived')) {
    return requests.get(`/guilds/${guildId}/channels`, {}, Schema.Array(Schema.Unknown)).pipe(
      Effect.map((answer) => {
        atlas.learnChannels(guildId, answer.value);
        return goOn(answer);
      }),
      Effect.catchIf(isPassedOver(request), ({ message }) =>
        Effect.sync((): Found => {
          known.listed = true;
          return { ...goOn(), problems: [{ externalId: guildId, reason: 'guild_unreadable', message }] };
        }),
      ),
    );
  }
  return null;
};
