import type { MessageWalk, SyncJobContext } from '../../machines/sync-job-context.ts';
import type { PageCounts, WalkReport as StoredReport } from '../../machines/sync-job-events.ts';
import type { DirectoryPage, MalformedMessage, MessagePage, Quota } from '../channels/channel.ts';
import type { Anchor } from '../domain/anchor.ts';
import { ExternalId, type InstanceId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { Span } from '../domain/span.ts';
import type { StopReason } from '../domain/stop-reason.ts';
import { scopeOf } from './next-walk.ts';
import { endOf } from './page-end.ts';
import type { RecentChanges } from './recent-changes.ts';
import { addStretch, newerOf, sameSpans, topBelow } from './spans.ts';
import type { StoredCounts, SyncTransaction } from './store.ts';

/** What a step knows when it stores what a walk brought. */
export interface Storing {
  readonly tx: SyncTransaction;
  readonly instanceId: InstanceId;
  readonly job: SyncJobContext;
  readonly at: number;
}

type Stored<Type extends StoredReport['type']> = Omit<Extract<StoredReport, { type: Type }>, 'run' | 'usedAt'>;

export const storeListingPage = async (
  { tx, instanceId, job, at }: Storing,
  page: DirectoryPage,
): Promise<Stored<'listingStored'>> => {
  await tx.upsertConversations(instanceId, page.conversations, at);
  if (page.bookmarks.size > 0) await tx.saveBookmarks(instanceId, page.bookmarks);
  const isLast = page.nextCursor === null;
  return {
    type: 'listingStored',
    nextCursor: page.nextCursor,
    pausedUntil: pauseOf(page.quota),
    total: isLast ? await tx.countConversations(instanceId, scopeOf(job.config)) : null,
    errors: page.problems.map(({ externalId, reason, message }) => ({
      conversationId: null,
      externalId,
      reason,
      message,
    })),
  };
};

/** Rows, span and figures of one page of messages. `continuity` is the live connection's, if it held since the request. */
export const storeMessagePage = async (
  storing: Storing,
  walk: MessageWalk,
  page: MessagePage,
  continuity: string | null,
  changes: RecentChanges,
): Promise<Stored<'pageStored'>> => {
  const { tx, instanceId, job, at } = storing;
  const { conversationId } = walk;
  const until = job.config.until ?? Number.POSITIVE_INFINITY;
  const isWanted = ({ timestamp }: Message) => timestamp >= walk.since && timestamp <= until;
  const messages = changes.applyTo(page.messages.filter(isWanted));
  const counts = await tx.upsertMessages(instanceId, conversationId, 'sync', messages, at);
  const kept = page.malformed.flatMap(keptOf).filter(isWanted);
  if (kept.length > 0) await tx.upsertMessages(instanceId, conversationId, 'sync', kept, at);
  const ended = endOf(walk, page);
  if (ended !== 'platform_error') await holdStretch(storing, walk, page, ended, continuity);
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

const pauseOf = (quota: Quota | null): number | null => (quota === null || quota.remaining > 0 ? null : quota.resetAt);

/** fetched = stored + duplicates + updated + malformed */
const countsOf = (counts: StoredCounts, messages: number, malformed: number): PageCounts => ({
  ...counts,
  fetched: messages + malformed,
  malformed,
});

/** The raw payload of a message that could not be read but says which one it is, and when. */
const keptOf = ({ externalId, at, raw }: MalformedMessage): readonly Message[] => {
  if (externalId === null || at === null) return [];
  return [
    {
      externalId: ExternalId.make(externalId),
      senderId: null,
      isFromMe: false,
      type: 'unknown',
      text: null,
      payload: raw,
      timestamp: at,
      editedAt: null,
    },
  ];
};

/** The page proves a stretch without a gap: from where the reading began down to its oldest message, or to the start. */
const holdStretch = async (
  { tx, instanceId }: Storing,
  walk: MessageWalk,
  page: MessagePage,
  ended: StopReason | null,
  continuity: string | null,
): Promise<void> => {
  const spans = await tx.spans(walk.conversationId);
  const newest = walk.before === null ? await newestKnown(tx, instanceId, walk, page) : topBelow(walk.before);
  const stretch: Span = {
    newest,
    oldest: bottomOf(walk, page, newest),
    reachesStart: ended === 'start_of_history',
    continuity: walk.before === null ? continuity : null,
  };
  const next = addStretch(spans, stretch);
  if (!sameSpans(spans, next)) await tx.replaceSpans(walk.conversationId, next);
};

const bottomOf = (walk: MessageWalk, page: MessagePage, newest: Anchor): Anchor => {
  const { floor } = walk;
  // The span below begins with this very message, whatever else shares its millisecond: the two touch.
  if (floor.id !== null && page.messages.some(({ externalId }) => externalId === floor.id)) return floor;
  const oldest = page.oldest ?? newest;
  // Older messages of the page were not asked for and are not stored: the stretch ends at the asked instant.
  return oldest.at < walk.since ? { at: walk.since, id: null } : oldest;
};

/** The newest message that the platform named may be deleted by now: what it named is behind us all the same. */
const newestKnown = async (
  tx: SyncTransaction,
  instanceId: InstanceId,
  walk: MessageWalk,
  page: MessagePage,
): Promise<Anchor> => {
  const conversation = await tx.conversation(instanceId, walk.externalId);
  const named = conversation?.newest ?? null;
  // Where there is nothing at all, it begins now: the stretch holds no more than the oldest instant that was asked for.
  if (named === null || page.newest === null) return page.newest ?? named ?? { at: walk.since, id: null };
  return newerOf(named, page.newest);
};
