import type { GuildAtlas } from '../guilds/guild-atlas.ts';
import { mayHavePrivateThreads, mayHaveThreads } from '../mapping/api-channel.ts';
import { compareSnowflakes } from '../mapping/snowflake.ts';
import type { ArchiveMarks, Cursor, CursorAt } from './directory-cursor.ts';

/** Guilds by rising id, as one request brought them: every guild after `after`, up to the last of `ids`. */
export interface GuildWindow {
  readonly after: string | null;
  readonly ids: readonly string[];
  /** True when there may be more after the last. */
  readonly more: boolean;
}

export const NO_WINDOW: GuildWindow = { after: null, ids: [], more: true };

export const windowOf = (after: string | null, ids: readonly string[], more: boolean): GuildWindow => {
  const later = ids.filter((id) => after === null || compareSnowflakes(id, after) > 0).sort(compareSnowflakes);
  // A full page without a later guild comes from a server that ignores `after`: there is nothing more to get.
  return { after, ids: later, more: more && later.length > 0 };
};

const covers = ({ after }: GuildWindow, guild: string | null): boolean =>
  after === null || (guild !== null && compareSnowflakes(guild, after) >= 0);

/** The guild after a guild; `none`: that was the last; `beyond`: the window does not reach that far. */
export const nextGuild = (window: GuildWindow, guild: string | null): { readonly id: string } | 'none' | 'beyond' => {
  if (!covers(window, guild)) return 'beyond';
  const id = window.ids.find((candidate) => guild === null || compareSnowflakes(candidate, guild) > 0);
  if (id !== undefined) return { id };
  return window.more ? 'beyond' : 'none';
};

/** Where the listing goes on after a guild; null: that was the last. */
export const afterGuild = (window: GuildWindow, guild: string | null): Cursor | null => {
  const next = nextGuild(window, guild);
  if (next === 'none') return null;
  return next === 'beyond' ? { stage: 'guilds', after: guild } : { stage: 'channels', guild: next.id };
};

export interface PlaceInGuild {
  readonly atlas: GuildAtlas;
  readonly ahead: GuildWindow;
  readonly guild: string;
  /** Set when only this channel's threads are wanted. */
  readonly only: string | null;
  /** The channel whose archived threads were listed last; null: none yet. */
  readonly after: string | null;
}

/** The archived threads of the next channel that has some and may be read, or the next guild. */
export const afterChannel = ({ atlas, ahead, guild, only, after }: PlaceInGuild): Cursor | null => {
  const parents = [...atlas.guild(guild).channels.values()]
    .filter((channel) => mayHaveThreads(channel) && (only === null || channel.id === only))
    .filter((channel) => after === null || compareSnowflakes(channel.id, after) > 0)
    .filter((channel) => atlas.whyUnreadable(channel) === null)
    .sort((a, b) => compareSnowflakes(a.id, b.id));
  const parent = parents[0];
  if (parent !== undefined)
    return { stage: 'archived', guild, parent: parent.id, list: 'public', before: null, newest: {}, whole: true };
  return only === null ? afterGuild(ahead, guild) : null;
};

/** The private list of the same channel after its public one; null: the channel is done. */
export const afterList = (
  atlas: GuildAtlas,
  cursor: CursorAt<'archived'>,
  newest: ArchiveMarks,
  whole: boolean,
): Cursor | null => {
  const parent = atlas.channel(cursor.parent);
  if (cursor.list !== 'public' || parent === null || !mayHavePrivateThreads(parent)) return null;
  return { ...cursor, list: atlas.managesThreads(parent) ? 'private' : 'joined', before: null, newest, whole };
};
