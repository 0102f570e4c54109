import { Option, Schema } from 'effect';
import { ApiGuild, ApiMember, readRole } from '../guilds/guild-atlas.ts';
import { Snowflake } from '../mapping/api-channel.ts';

const optional = <A>(schema: Schema.Codec<A>) => Schema.optional(Schema.NullOr(schema));

const decoder = <A>(schema: Schema.Codec<A>) => {
  const decode = Schema.decodeUnknownOption(schema);
  return (data: unknown): A | null => Option.getOrNull(decode(data));
};

/** A gateway dispatch: `t` names the event, `d` is its data (docs: Gateway Events). */
export const readPacket = decoder(Schema.Struct({ t: Schema.NullOr(Schema.String), d: Schema.Unknown }));

/** READY, as far as it tells who we are. */
export const readReady = decoder(
  Schema.Struct({
    user: Schema.Struct({ id: Snowflake, username: optional(Schema.String) }),
    session_id: optional(Schema.String),
    application: optional(Schema.Struct({ flags: optional(Schema.Number) })),
  }),
);

export const readDeletion = decoder(
  Schema.Struct({
    id: Schema.optional(Snowflake),
    ids: Schema.optional(Schema.Array(Snowflake)),
    channel_id: Snowflake,
  }),
);
export const readGuild = decoder(ApiGuild);
export const readMemberUpdate = decoder(Schema.Struct({ guild_id: Snowflake, ...ApiMember.fields }));
export const readRoleChange = decoder(
  Schema.Struct({ guild_id: Snowflake, role: Schema.optional(Schema.Unknown), role_id: Schema.optional(Snowflake) }),
);
export const readThreadList = decoder(Schema.Struct({ guild_id: Snowflake, threads: Schema.Array(Schema.Unknown) }));
export const readNewThread = decoder(Schema.Struct({ newly_created: optional(Schema.Boolean) }));
export const readIdentified = decoder(Schema.Struct({ id: Snowflake }));
export const roleIn = (role: unknown) => Option.getOrNull(readRole(role));
