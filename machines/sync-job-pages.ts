import type { Moment } from './moment.ts';
import { type MessageWalk, type SyncJobContext, withPace } from './sync-job-context.ts';
import {
  ASK_NEXT,
  andThen,
  type Decision,
  decided,
  FREED,
  noteOf,
  publish,
  requestPermit,
  requestPermitAhead,
  wait,
  withErrors,
} from './sync-job-decision.ts';
import type { Aside, WalkNews } from './sync-job-events.ts';
import { returnPermits, usePermit } from './sync-job-permits.ts';
import { addCounts, advance, markIncomplete } from './sync-job-stages.ts';
import { pass } from './sync-job-walks.ts';

/** The decisions about what a platform request brought. */

const PROGRESS_EVERY_MS = 500;

type Report<Type extends WalkNews['type']> = Moment & Extract<WalkNews, { type: Type }>;

const tellProgress = (context: SyncJobContext, at: number): Decision => {
  const paced: SyncJobContext = { ...context, progress: withPace(context, at) };
  if (at - paced.publishedAt < PROGRESS_EVERY_MS) return decided(paced);
  // What went wrong is told in full at the end, and by the job itself at any time.
  const brief: SyncJobContext = { ...paced, progress: { ...paced.progress, errors: [] } };
  return decided({ ...paced, publishedAt: at }, publish(brief, 'sync.progress'));
};

const HEALTHY: Pick<SyncJobContext, 'failures' | 'unreachable' | 'silences'> = {
  failures: 0,
  unreachable: 0,
  silences: 0,
};

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
  return andThen(tellProgress({ ...context, stage: 'reading', walk: null, progress }, event.at), (told) =>
    decided(told, ASK_NEXT),
  );
};

/** What one request of a survey brought. */
export const storeSurvey = (context: SyncJobContext, event: Report<'surveyStored'>): Decision => {
  const { walk, progress } = context;
  if (walk?.kind !== 'survey') return decided(context);
  const counted = addCounts(progress, walk.of, event.counts, event.gone);
  const told: SyncJobContext = {
    ...context,
    ...HEALTHY,
    progress: { ...counted, listingRequests: counted.listingRequests + 1 },
  };
  const noted = withErrors(event.errors.length > 0 ? markIncomplete(told) : told, event.errors);
  return andThen(usePermit(noted, event.usedAt, true), (used) => {
    if (event.nextCursor === null) {
      const ended = andThen(returnPermits(used), (next) => tellProgress(next, event.at));
      return andThen(ended, (next) => advance(next, event));
    }
    const moved: SyncJobContext = { ...used, walk: { ...walk, cursor: event.nextCursor } };
    return andThen(askOrPause(moved, event), (next) => tellProgress(next, event.at));
  });
};

const countPage = (context: SyncJobContext, event: Report<'pageStored'>): SyncJobContext => {
  const counted = addCounts(context.progress, 'messages', event.counts);
  return withErrors({ ...context, ...HEALTHY, progress: { ...counted, pages: counted.pages + 1 } }, event.errors);
};

/** What is pushed while a job runs counts in it: it need not be asked for any more. */
export const countPush = (context: SyncJobContext, event: Moment & Extract<Aside, { type: 'pushStored' }>): Decision =>
  tellProgress({ ...context, progress: addCounts(context.progress, 'messages', event.counts) }, event.at);

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
  event: { readonly at: number; readonly pausedUntil: number | null; readonly pausedFor?: string },
): Decision => {
  const { pausedUntil, pausedFor = 'The platform allows the next request then.', at } = event;
  if (pausedUntil === null || pausedUntil <= at) {
    return context.permits.length > 0 ? requestPermitAhead({ ...context, waitingFor: null }) : requestPermit(context);
  }
  return andThen(returnPermits(context), (next) =>
    decided({
      ...wait(next, 'platform', pausedUntil, pausedFor),
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
