import { Option, Schema } from 'effect';
import { Snowflake } from '../mapping/api-channel.ts';

/** The lists of archived threads: `joined` is for bots that may not manage threads, and is paged by thread id. */
export const ArchiveList = Schema.Literals(['public', 'private', 'joined']);
export type ArchiveList = typeof ArchiveList.Type;

/** Newest archive time seen (ms) per list of a channel. */
export const ArchiveMarks = Schema.Struct({
  public: Schema.optionalKey(Schema.Number),
  private: Schema.optionalKey(Schema.Number),
});
export type ArchiveMarks = typeof ArchiveMarks.Type;

/**
 * Where a listing stands. Guilds and channels are gone through by rising id, so a place in that order is all that
 * needs to be kept, however many there are:
 *
 * `guilds`    find the guild after `after` (null: the first).
 * `channels`  list the channels of `guild`.
 * `active`    list the active threads of `guild`.
 * `archived`  list the archived threads of `parent`, list by list; `before` is where its next page starts,
 *             `newest` what this listing has seen so far, which becomes a bookmark when it is complete.
 * `single`    look up the one conversation that was asked for.
 */
const Cursor = Schema.Union([
  Schema.Struct({ stage: Schema.tag('guilds'), after: Schema.NullOr(Snowflake) }),
  Schema.Struct({ stage: Schema.tag('channels'), guild: Snowflake }),
  Schema.Struct({ stage: Schema.tag('active'), guild: Snowflake }),
  Schema.Struct({
    stage: Schema.tag('archived'),
    guild: Snowflake,
    parent: Snowflake,
    list: ArchiveList,
    before: Schema.NullOr(Schema.String),
    newest: ArchiveMarks,
    /** False once a list of this parent could not be read to its end: then it gets no bookmark. */
    whole: Schema.Boolean,
  }),
  Schema.Struct({ stage: Schema.tag('single') }),
]);
export type Cursor = typeof Cursor.Type;
export type CursorAt<Stage extends Cursor['stage']> = Extract<Cursor, { stage: Stage }>;

const decode = Schema.decodeUnknownOption(Cursor);
const decodeMarks = Schema.decodeUnknownOption(Schema.fromJsonString(ArchiveMarks));

/** A cursor that this build does not understand starts the listing anew: listing twice harms nobody. */
export const cursorOf = (stored: unknown, only: string | null): Cursor =>
  Option.getOrElse(
    decode(stored),
    (): Cursor => (only === null ? { stage: 'guilds', after: null } : { stage: 'single' }),
  );

/** The marks in a bookmark; none when there is no bookmark. */
export const marksIn = (bookmark: string | undefined): ArchiveMarks =>
  Option.getOrElse(decodeMarks(bookmark), () => ({}));

export const bookmarkOf = (marks: ArchiveMarks): string => JSON.stringify(marks);
