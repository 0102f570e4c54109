import type { PageCounts } from '../../../machines/page-counts.ts';
import type { MessageWalk, SyncJobContext } from '../../../machines/sync-job-context.ts';
import type { WalkNews } from '../../../machines/sync-job-events.ts';
import type { ChannelTraits, DirectoryPage, MessagePage, Quota } from '../../channels/channel.ts';
import type { Anchor } from '../../domain/anchor.ts';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { JobConfig } from '../../domain/job.ts';
import { keptOf, type Message } from '../../domain/message.ts';
import type { Span } from '../../domain/span.ts';
import type { StopReason } from '../../domain/stop-reason.ts';
import { type ChangeStoring, storeChanges } from '../changes/store-changes.ts';
import type { StoredCounts } from '../store.ts';
import { scopeOf } from './next-walk.ts';
import { endOf } from './page-end.ts';
import { addSpan, newerOf, sameSpans, topBelow } from './spans.ts';

/** The platform's clock and ours, ms. */
const CLOCKS_MAY_DIFFER_MS = 3_600_000;

/** What a step knows when it stores what a walk brought. */
export interface Storing extends ChangeStoring {
  readonly channel: ChannelName;
  readonly job: SyncJobContext;
  readonly readsBelow: ChannelTraits['readsBelow'];
}

export type Stored<Type extends WalkNews['type']> = Omit<Extract<WalkNews, { type: Type }>, 'run' | 'usedAt'>;

export const storeListingPage = async (storing: Storing, page: DirectoryPage): Promise<Stored<'listingStored'>> => {
  const { tx, instanceId, job, at } = storing;
  await tx.upsertConversations(instanceId, page.conversations, at);
  if (page.bookmarks.size > 0) await tx.saveBookmarks(instanceId, page.bookmarks);
  const arrives = await arrivalOf(storing, page);
  const isLast = page.nextCursor === null && arrives === null;
  const total = isLast ? await tx.countConversations(instanceId, scopeOf(job.config)) : null;
  const problems = page.problems.map((problem) => ({ conversationId: null, ...problem }));
  return {
    type: 'listingStored',
    nextCursor: isLast ? null : (page.nextCursor ?? AGAIN),
    ...(arrives ?? { pausedUntil: pauseOf(page.quota) }),
    total,
    errors: [...problems, ...unknownOf(job.config, total)],
  };
};

/** How soon to look again whether what was pushed is stored, ms. */
const LOOK_AGAIN_MS = 3_000;

/** A cursor of a list that has to be read again. */
export const AGAIN = 'again';

/**
 * Until when and why a list has to be read again: history that comes by itself is still on its way, or not stored yet.
 */
export const arrivalOf = async (
  { tx, instanceId, readsBelow, at }: Storing,
  { arrivesUntil = null }: { readonly arrivesUntil?: number | null },
): Promise<{ readonly pausedUntil: number; readonly pausedFor: string } | null> => {
  const waits = arrivesUntil === null && readsBelow === 'held' && (await tx.pushesWait(instanceId));
  const until = waits ? at + LOOK_AGAIN_MS : arrivesUntil;
  return until === null
    ? null
    : { pausedUntil: until, pausedFor: 'History still arrives by itself; the job goes on when it is stored.' };
};

/** Asked for by id, and nowhere to be found. */
const unknownOf = ({ conversationIds }: JobConfig, found: number | null): Stored<'listingStored'>['errors'] => {
  if (conversationIds === null || found === null || found >= conversationIds.length) return [];
  const message = `${conversationIds.length - found} of the conversationIds belong to no conversation that holds messages.`;
  return [{ conversationId: null, externalId: null, reason: 'unknown_conversation', message }];
};

/**
 * Rows, span and figures of one page of messages. `continuity` is the live connection's, if it held since the request.
 */
export const storeMessagePage = async (
  storing: Storing,
  walk: MessageWalk,
  page: MessagePage,
  continuity: string | null,
): Promise<Stored<'pageStored'>> => {
  const { tx, instanceId, job, readsBelow, changes, at } = storing;
  const { conversationId } = walk;
  const readAt = storing.waiting === null ? null : page.requestedAt;
  // Where what is newer has to be passed through, it is held from then on.
  const until = readsBelow === 'held' ? Number.POSITIVE_INFINITY : (job.config.until ?? Number.POSITIVE_INFINITY);
  const isWanted = ({ timestamp }: Message) => timestamp >= walk.since && timestamp <= until;
  const messages = changes.applyTo(page.messages.filter(isWanted), readAt);
  const kept = page.malformed.flatMap((entry) => keptOf(entry) ?? []).filter(isWanted);
  const ended = endOf(walk, page);
  // Asked for together: the answers come in one journey.
  const [counts] = await Promise.all([
    tx.upsertMessages(instanceId, conversationId, 'sync', messages, at, readAt ?? undefined),
    kept.length > 0 ? tx.upsertMessages(instanceId, conversationId, 'sync', kept, at) : null,
    ended === 'platform_error' ? null : holdSpan(storing, walk, page, ended, continuity),
    job.config.refresh && readsBelow === 'anything' ? markMissing(storing, walk, page, ended) : null,
  ]);
  await storeChangesTold(storing, walk, page);
  return {
    type: 'pageStored',
    counts: countsOf(counts, messages.length, page.malformed.length),
    errors: page.malformed.map((entry) => ({
      conversationId,
      externalId: walk.externalId,
      reason: 'malformed_message',
      message: entry.externalId === null ? entry.reason : `${entry.externalId}: ${entry.reason}`,
    })),
    before: page.oldest,
    ended,
    pausedUntil: pauseOf(page.quota),
  };
};

/** What the page says of messages, and what waited for those that it brought. */
const storeChangesTold = async (storing: Storing, walk: MessageWalk, page: MessagePage): Promise<void> => {
  const { conversationId: id, externalId } = walk;
  await storing.waiting?.meet(storing, { id, externalId }, page.requestedAt);
  if (page.changes !== undefined) await storeChanges(storing, externalId, { ...page.changes, told: 'history' });
};

/**
 * Read again, a stretch also tells what is gone: deleted while nobody listened. An empty page tells nothing, since a
 * platform may answer with one where it means that we may not look.
 */
const markMissing = async (
  { tx, job, at }: Storing,
  { conversationId, before, since }: MessageWalk,
  page: MessagePage,
  ended: StopReason | null,
): Promise<void> => {
  if (page.oldest === null || ended === 'platform_error') return;
  const top = before?.at ?? page.requestedAt + CLOCKS_MAY_DIFFER_MS;
  await tx.markMissing(
    conversationId,
    {
      olderThan: Math.min(top, (job.config.until ?? top) + 1),
      newerThan: Math.max(since - 1, ended === 'start_of_history' ? 0 : page.oldest.at),
      present: [...page.messages, ...page.malformed].flatMap(({ externalId }) => externalId ?? []),
      storedBefore: page.requestedAt,
    },
    at,
  );
};

export const pauseOf = (quota: Quota | null): number | null =>
  quota === null || quota.remaining > 0 ? null : quota.resetAt;

/** fetched = stored + duplicates + updated + malformed */
const countsOf = (counts: StoredCounts, messages: number, malformed: number): PageCounts => ({
  ...counts,
  fetched: messages + malformed,
  malformed,
});

/** The page proves a span without a gap: from where the reading began down to its oldest message, or to the start. */
const holdSpan = async (
  { tx }: Storing,
  walk: MessageWalk,
  page: MessagePage,
  ended: StopReason | null,
  continuity: string | null,
): Promise<void> => {
  const spans = await tx.spans(walk.conversationId);
  const newest = walk.before === null ? topOf(walk, page) : topBelow(walk.before);
  const span: Span = {
    newest,
    oldest: bottomOf(walk, page, newest),
    reachesStart: ended === 'start_of_history',
    continuity: walk.before === null ? continuity : null,
  };
  const next = piecesOf(span, walk, page).reduce(addSpan, spans);
  if (!sameSpans(spans, next)) await tx.replaceSpans(walk.conversationId, next);
};

/**
 * A page that brought the very message with which the span below begins joins it there, whatever else shares its
 * millisecond.
 */
const piecesOf = (span: Span, { floor }: MessageWalk, page: MessagePage): readonly Span[] =>
  floor.id !== null && page.messages.some(({ externalId }) => externalId === floor.id)
    ? [
        { ...span, newest: floor, continuity: null },
        { ...span, oldest: floor },
      ]
    : [span];

const bottomOf = ({ since }: MessageWalk, page: MessagePage, newest: Anchor): Anchor => {
  const oldest = page.oldest ?? newest;
  // Older messages of the page were not asked for and are not stored: the span ends at the asked instant.
  return oldest.at < since ? { at: since, id: null } : oldest;
};

/**
 * A page from the top proves that nothing is left above it of what was there when it was asked for: what the platform
 * named then, and what was held already. What was named since is not read yet.
 */
const topOf = ({ newest, floor, since }: MessageWalk, page: MessagePage): Anchor => {
  const held = floor.id === null ? { at: Math.max(since, floor.at - 1), id: null } : floor;
  return [newest, page.newest].reduce<Anchor>((top, place) => (place === null ? top : newerOf(top, place)), held);
};
