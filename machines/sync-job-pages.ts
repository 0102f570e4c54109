import type { Moment } from './moment.ts';
import { type MessageWalk, type SyncJobContext, type Walk, withPace } from './sync-job-context.ts';
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
import type { Aside, WalkReport } from './sync-job-events.ts';
import { fail } from './sync-job-life.ts';
import { addCounts, advance, giveUpPart, goOn, markIncomplete } from './sync-job-stages.ts';
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
const giveUpListing = (context: SyncJobContext, moment: Moment, message: string): Decision => {
  if (context.stage !== 'listing') return giveUpPart(context, moment, message);
  const error = { conversationId: null, externalId: null, reason: 'listing_failed', message };
  const next = withErrors(markIncomplete({ ...context, stage: 'reading', walk: null, failures: 0 }), [error]);
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
          : giveUpListing(next, event, failure.message);
      case 'unreachable':
        return retryLater({ ...next, unreachable: next.unreachable + 1 }, event, next.unreachable, failure.message);
      case 'noAnchor':
        return walk.kind === 'messages'
          ? leaveBehind(next, walk, 'no_anchor', failure.message)
          : giveUpListing(next, event, failure.message);
      case 'silent':
        return hearNothing(next, walk, event, failure.message);
      case 'badAnswer':
        return badAnswer({ ...next, failures: next.failures + 1 }, event, failure.message);
    }
  });

const badAnswer = (context: SyncJobContext, moment: Moment, message: string): Decision => {
  const { walk } = context;
  if (context.failures < MAX_FAILURES) return retryLater(context, moment, context.failures - 1, message);
  return walk?.kind === 'messages'
    ? leaveBehind(context, walk, 'platform_error', message)
    : giveUpListing(context, moment, message);
};

/** Requests for one conversation that nobody answers, each from another message, before it is left. */
const SILENCES_TOLD = 3;
/** Requests in a row that nobody answers before the job says so and ends: there is nobody there. */
const MOST_SILENCES = 6;

/**
 * Nobody answers. First another message may be known where this one was not; then the platform gets a pause, since it
 * may have dropped what came too fast; then the conversation is left with its reason, for a later job to complete.
 */
const hearNothing = (context: SyncJobContext, walk: Walk, moment: Moment, message: string): Decision => {
  const next: SyncJobContext = { ...context, failures: context.failures + 1, silences: context.silences + 1 };
  const pause = tellLimiter(next, { type: 'platformSaidStop', retryAfterMs: null, usedAt: moment.at });
  const effects = next.failures === 1 ? [] : [pause];
  if (next.silences >= MOST_SILENCES) return giveUpOnPhone(next, walk, moment.at, message);
  if (next.failures < SILENCES_TOLD) return andThen(decided(next, ...effects), (after) => goOn(after, moment));
  return walk.kind === 'messages'
    ? leaveBehind(next, walk, 'phone_silent', message)
    : giveUpListing(next, moment, message);
};

const giveUpOnPhone = (context: SyncJobContext, walk: Walk, at: number, message: string): Decision => {
  const note = walk.kind === 'messages' ? [noteOf(walk, 'phone_silent')] : [];
  const error = {
    conversationId: walk.kind === 'messages' ? walk.conversationId : null,
    externalId: walk.kind === 'messages' ? walk.externalId : null,
    reason: 'phone_silent',
    message,
  };
  const told = `${message} It has not answered ${context.silences} requests in a row: what was fetched is kept, and the next sync goes on from there.`;
  return andThen(decided(withErrors(context, [error]), ...note), (next) => fail(next, at, told));
};
