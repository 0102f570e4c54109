import { Option, Schema } from 'effect';
import { Snowflake } from '../mapping/api-channel.ts';
import { ApiGuild } from './guild-atlas.ts';

const readId = Schema.decodeUnknownOption(Schema.Struct({ id: Snowflake }));
const readGuild = Schema.decodeUnknownOption(ApiGuild);

export interface GuildList {
  readonly ids: readonly string[];
  /** As far as they can be read; a guild of which only the id can is still one. */
  readonly guilds: readonly ApiGuild[];
  /** Entries that name no guild. */
  readonly broken: number;
}

/** Reads each entry by itself: a broken one never sinks the list. */
export const readGuildList = (entries: readonly unknown[]): GuildList => {
  const ids = entries.flatMap((entry) => Option.toArray(readId(entry))).map(({ id }) => id);
  const guilds = entries.flatMap((entry) => Option.toArray(readGuild(entry)));
  return { ids, guilds, broken: entries.length - ids.length };
};

export const MALFORMED_GUILD = 'An entry of the list of guilds could not be read.';
