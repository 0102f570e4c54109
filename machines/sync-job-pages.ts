import type { Moment } from './moment.ts';
import { type MessageWalk, type SyncJobContext, withPace } from './sync-job-context.ts';
import {
  ASK_NEXT,
  andThen,
  conversationOf,
  type Decision,
  decided,
  FREED,
  noteOf,
  permitKindOf,
  publish,
  requestPermit,
  requestPermitAhead,
  tellLimiter,
  wait,
  withErrors,
} from './sync-job-decision.ts';
import type { WalkReport } from './sync-job-events.ts';
import { goOn } from './sync-job-life.ts';
import { leaveBehind, pass } from './sync-job-walks.ts';

/** The decisions about what a platform request brought. */

/** Bad answers in a row after which a conversation is given up for this job. */
export const MAX_FAILURES = 5;
const MAX_BACKOFF_MS = 60_000;
const PROGRESS_EVERY_MS = 500;

type Report<Type extends WalkReport['type']> = Moment & Extract<WalkReport, { type: Type }>;

/** The first permit that is out has been used, whatever came of it. */
const usePermit = (context: SyncJobContext, usedAt: number, succeeded: boolean): Decision => {
  const { walk } = context;
  if (walk === null) return decided(context);
  const used = { kind: permitKindOf(walk), usedAt, succeeded, conversation: conversationOf(walk) };
  return decided(
    { ...context, permits: context.permits.slice(1) },
    tellLimiter(context, { type: 'permitUsed', ...used }),
  );
};

const returnPermits = (context: SyncJobContext): Decision =>
  context.permits.length === 0
    ? decided(context)
    : decided({ ...context, permits: [] }, tellLimiter(context, { type: 'permitsReturned' }));

const tellProgress = (context: SyncJobContext, at: number): Decision => {
  const paced: SyncJobContext = { ...context, progress: withPace(context, at) };
  if (at - paced.publishedAt < PROGRESS_EVERY_MS) return decided(paced);
  // What went wrong is told in full at the end, and by the job itself at any time.
  const brief: SyncJobContext = { ...paced, progress: { ...paced.progress, errors: [] } };
  return decided({ ...paced, publishedAt: at }, publish(brief, 'sync.progress'));
};

const HEALTHY: Pick<SyncJobContext, 'failures' | 'unreachable'> = { failures: 0, unreachable: 0 };

export const storeListing = (context: SyncJobContext, event: Report<'listingStored'>): Decision => {
  const listingRequests = context.progress.listingRequests + 1;
  const counted = withErrors(
    {
      ...context,
      ...HEALTHY,
      progress: { ...context.progress, listingRequests },
    },
    event.errors,
  );
  return andThen(usePermit(counted, event.usedAt, true), (used) => {
    if (used.walk?.kind !== 'listing') return decided(used);
    if (event.nextCursor === null) return beginReading(used, event);
    const walk = { ...used.walk, cursor: event.nextCursor };
    return askOrPause({ ...used, walk }, event);
  });
};

/** Every conversation is listed: from now on it is known how many there are. */
const beginReading = (context: SyncJobContext, event: Moment & { readonly total: number | null }): Decision => {
  const progress = { ...context.progress, conversationsTotal: event.total };
  return andThen(tellProgress({ ...context, phase: 'reading', walk: null, progress }, event.at), (told) =>
    decided(told, ASK_NEXT),
  );
};

const countPage = (context: SyncJobContext, event: Report<'pageStored'>): SyncJobContext => {
  const { progress } = context;
  const { counts } = event;
  return withErrors(
    {
      ...context,
      ...HEALTHY,
      progress: {
        ...progress,
        fetched: progress.fetched + counts.fetched,
        stored: progress.stored + counts.stored,
        duplicates: progress.duplicates + counts.duplicates,
        updated: progress.updated + counts.updated,
        malformed: progress.malformed + counts.malformed,
        pages: progress.pages + 1,
      },
    },
    event.errors,
  );
};

export const storePage = (context: SyncJobContext, event: Report<'pageStored'>): Decision =>
  andThen(usePermit(countPage(context, event), event.usedAt, true), (used) => {
    const { walk } = used;
    if (walk?.kind !== 'messages') return decided(used);
    const moved: SyncJobContext = { ...used, walk: { ...walk, before: event.before ?? walk.before } };
    if (event.ended !== null) return endWalk(moved, walk, event.ended, event.at);
    return andThen(askOrPause(moved, event), (next) => tellProgress(next, event.at));
  });

/**
 * Asks for the permit of the next page, unless the platform wants a pause before it: then permits go back to those
 * who can use them, and the walk goes on at that instant.
 */
const askOrPause = (
  context: SyncJobContext,
  event: { readonly at: number; readonly pausedUntil: number | null },
): Decision => {
  const { pausedUntil, at } = event;
  if (pausedUntil === null || pausedUntil <= at) {
    return context.permits.length > 0 ? requestPermitAhead({ ...context, waitingFor: null }) : requestPermit(context);
  }
  return andThen(returnPermits(context), (next) =>
    decided({
      ...wait(next, 'platform', pausedUntil, 'The platform allows the next request then.'),
      retryAt: pausedUntil,
    }),
  );
};

const endWalk = (
  context: SyncJobContext,
  walk: MessageWalk,
  reason: NonNullable<Report<'pageStored'>['ended']>,
  at: number,
): Decision => {
  const ended = andThen(returnPermits(context), (next) => decided(next, noteOf(walk, reason)));
  // Spans tell that a stretch is covered, but not that it was read again: a refresh passes on here.
  const left = context.config.refresh ? andThen(ended, (next) => decided(pass(next, walk), FREED)) : ended;
  return andThen(
    andThen(left, (next) => tellProgress(next, at)),
    (next) => decided(next, ASK_NEXT),
  );
};

const retryLater = (context: SyncJobContext, moment: Moment, tries: number, detail: string): Decision => {
  const backoff = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** Math.min(tries, 6));
  const retryAt = Math.ceil(moment.at + backoff * (1 + 0.25 * moment.random));
  return decided({ ...wait(context, 'platform', retryAt, detail), retryAt });
};

/** The list stays as far as it came: what is known is read, and the job says what it could not list. */
const giveUpListing = (context: SyncJobContext, message: string): Decision => {
  const error = { conversationId: null, externalId: null, reason: 'listing_failed', message };
  const next = withErrors({ ...context, phase: 'reading', walk: null, failures: 0 }, [error]);
  return decided(next, ASK_NEXT);
};

export const failPage = (context: SyncJobContext, event: Report<'pageFailed'>): Decision =>
  andThen(andThen(usePermit(context, event.usedAt, false), returnPermits), (next) => {
    const { failure } = event;
    const { walk } = next;
    if (walk === null) return decided(next);
    switch (failure.kind) {
      case 'rateLimited':
        // The limiter was told before us: asking again makes it answer until when to wait.
        return goOn(next, event);
      case 'accessDenied':
        return walk.kind === 'messages'
          ? leaveBehind(next, walk, 'no_access', failure.message)
          : giveUpListing(next, failure.message);
      case 'unreachable':
        return retryLater({ ...next, unreachable: next.unreachable + 1 }, event, next.unreachable, failure.message);
      case 'badAnswer':
        return badAnswer({ ...next, failures: next.failures + 1 }, event, failure.message);
    }
  });

const badAnswer = (context: SyncJobContext, moment: Moment, message: string): Decision => {
  const { walk } = context;
  if (context.failures < MAX_FAILURES) return retryLater(context, moment, context.failures - 1, message);
  return walk?.kind === 'messages'
    ? leaveBehind(context, walk, 'platform_error', message)
    : giveUpListing(context, message);
};
