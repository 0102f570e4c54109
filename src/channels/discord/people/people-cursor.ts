import { Option, Schema } from 'effect';
import { Snowflake } from '../mapping/api-channel.ts';

/**
 * Where a survey of groups or contacts stands. Guilds are gone through by rising id, and so are the members of each:
 * a place in that order is all that needs to be kept, however many there are. `whole` turns false with the first
 * thing that could not be read, and with it goes the right to say who is gone.
 *
 * `findGuild`  find the guild after `after` (null: the first), for the part that is under way.
 * `guild`      describe `guild`.
 * `channels`   list the channels of `guild`.
 * `members`    list the members of `guild` after `after` (null: from the first). `intact` is `whole` for this guild
 *              alone.
 */
const Cursor = Schema.Union([
  Schema.Struct({
    stage: Schema.tag('findGuild'),
    part: Schema.Literals(['groups', 'members']),
    after: Schema.NullOr(Snowflake),
    whole: Schema.Boolean,
  }),
  Schema.Struct({ stage: Schema.tag('guild'), guild: Snowflake, whole: Schema.Boolean }),
  Schema.Struct({ stage: Schema.tag('channels'), guild: Snowflake, whole: Schema.Boolean }),
  Schema.Struct({
    stage: Schema.tag('members'),
    guild: Snowflake,
    after: Schema.NullOr(Snowflake),
    intact: Schema.Boolean,
    whole: Schema.Boolean,
  }),
]);
export type PeopleCursor = typeof Cursor.Type;
export type PeopleCursorAt<Stage extends PeopleCursor['stage']> = Extract<PeopleCursor, { stage: Stage }>;
/** A survey of groups tells all groups first; members come afterwards, or are all that is asked for. */
export type Part = PeopleCursorAt<'findGuild'>['part'];

const decode = Schema.decodeUnknownOption(Cursor);

export const startOf = (part: Part): PeopleCursor => ({ stage: 'findGuild', part, after: null, whole: true });

/** A cursor that this build does not understand starts the survey anew: listing twice harms nobody. */
export const peopleCursorOf = (stored: unknown, part: Part): PeopleCursor =>
  Option.getOrElse(decode(stored), () => startOf(part));
