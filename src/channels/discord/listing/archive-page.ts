import { Schema } from 'effect';
import { type ApiChannel, readChannel } from '../mapping/api-channel.ts';
import { compareSnowflakes } from '../mapping/snowflake.ts';
import type { ArchiveList } from './directory-cursor.ts';

/** The answer to every listing of threads (docs: List Public Archived Threads and its neighbours). */
export const ThreadList = Schema.Struct({
  threads: Schema.Array(Schema.Unknown),
  has_more: Schema.optional(Schema.NullOr(Schema.Boolean)),
});
export type ThreadList = typeof ThreadList.Type;

/** The most that one listing of archived threads gives. */
export const ARCHIVE_LIMIT = 100;

export interface ArchivePage {
  readonly threads: readonly ApiChannel[];
  readonly broken: number;
  /** Newest archive time of the page, ms; null when none is told. */
  readonly newest: number | null;
  /** Where the next page starts; null: this was the last that is needed. */
  readonly before: string | null;
  /** True when there is more, but no way to ask for it. */
  readonly stuck: boolean;
}

const archivedAt = (thread: ApiChannel): string | null => {
  const iso = thread.thread_metadata?.archive_timestamp ?? null;
  return iso === null || Number.isNaN(Date.parse(iso)) ? null : iso;
};

const ms = (iso: string): number => Date.parse(iso);

/**
 * Threads archived in the same instant may be split by the end of a page, so the next one starts a millisecond
 * above the last thread and brings it again. Only when that does not get us further, it starts exactly there.
 */
const nextBefore = (oldest: string, before: string | null): string | null => {
  const above = new Date(ms(oldest) + 1).toISOString();
  if (before === null || ms(above) < ms(before)) return above;
  return oldest !== before && ms(oldest) <= ms(before) ? oldest : null;
};

const nextId = (threads: readonly ApiChannel[], before: string | null): string | null => {
  const oldest = threads.map(({ id }) => id).sort(compareSnowflakes)[0];
  return oldest !== undefined && (before === null || compareSnowflakes(oldest, before) < 0) ? oldest : null;
};

export interface ArchiveRequest {
  readonly list: ArchiveList;
  readonly before: string | null;
  readonly guildId: string;
  /** Threads archived before this (ms) were told by an earlier, complete listing. */
  readonly mark: number | null;
}

export const readArchivePage = (answer: ThreadList, { list, before, guildId, mark }: ArchiveRequest): ArchivePage => {
  const threads = answer.threads.map((thread) => readChannel(thread, guildId)).filter((thread) => thread !== null);
  const times = threads.map(archivedAt).filter((iso) => iso !== null);
  const sorted = times.toSorted((a, b) => ms(a) - ms(b));
  const [oldest, newest] = [sorted[0], sorted.at(-1)];
  const reachesKnown = mark !== null && oldest !== undefined && ms(oldest) < mark;
  const isLast = !(answer.has_more ?? answer.threads.length >= ARCHIVE_LIMIT) || reachesKnown;
  const next = list === 'joined' ? nextId(threads, before) : oldest === undefined ? null : nextBefore(oldest, before);
  return {
    threads,
    broken: answer.threads.length - threads.length,
    newest: newest === undefined ? null : ms(newest),
    before: isLast ? null : next,
    stuck: !isLast && next === null,
  };
};
