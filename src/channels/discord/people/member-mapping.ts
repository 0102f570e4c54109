import { PermissionFlagsBits } from 'discord.js';
import { Exit, Schema } from 'effect';
import type { ListedMember, MemberRole } from '../../../domain/group.ts';
import { ExternalId } from '../../../domain/ids.ts';
import type { KnownGuild } from '../guilds/guild-atlas.ts';
import { Snowflake } from '../mapping/api-channel.ts';
import { ApiUser } from '../mapping/user-mapping.ts';

const optional = <A>(schema: Schema.Codec<A>) => Schema.optional(Schema.NullOr(schema));

/** What we read of a member as REST lists it (docs: Guild Member Object). */
const ApiGuildMember = Schema.Struct({
  user: ApiUser,
  nick: optional(Schema.String),
  roles: optional(Schema.Array(Snowflake)),
  joined_at: optional(Schema.String),
});
export type ApiGuildMember = typeof ApiGuildMember.Type;

const decode = Schema.decodeUnknownExit(ApiGuildMember);

/** The member, or in words what about it is no member. */
export const readGuildMember = (value: unknown): ApiGuildMember | string => {
  const decoded = decode(value);
  if (Exit.isSuccess(decoded)) return decoded.value;
  const reason = decoded.cause.reasons[0];
  return reason?._tag === 'Fail' ? reason.error.message.slice(0, 200) : 'not a member';
};

const instantOf = (iso: string | null | undefined): number | null => {
  const at = iso == null ? Number.NaN : Date.parse(iso);
  return Number.isNaN(at) ? null : at;
};

/** The roles of a guild whose bearers may do everything in it. */
export const administratorRoles = ({ roles }: KnownGuild): ReadonlySet<string> =>
  new Set(
    [...(roles ?? [])]
      .filter(([, permissions]) => ((permissions ?? 0n) & PermissionFlagsBits.Administrator) !== 0n)
      .map(([id]) => id),
  );

const roleOf = (member: ApiGuildMember, guild: KnownGuild, administrators: ReadonlySet<string>): MemberRole => {
  if (member.user.id === guild.ownerId) return 'owner';
  const isAdministrator = administrators.has(guild.id) || (member.roles ?? []).some((role) => administrators.has(role));
  return isAdministrator ? 'admin' : 'member';
};

export const memberOf = (
  member: ApiGuildMember,
  guild: KnownGuild,
  administrators: ReadonlySet<string>,
): ListedMember => ({
  contactExternalId: ExternalId.make(member.user.id),
  role: roleOf(member, guild, administrators),
  nick: member.nick ?? null,
  joinedAt: instantOf(member.joined_at),
});
