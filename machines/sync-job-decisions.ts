import type { JobError, WaitingFor } from '../src/domain/job.ts';
import type { WorldEventName } from '../src/domain/event.ts';
import type { JobId } from '../src/domain/ids.ts';
import type { StopReason } from '../src/domain/stop-reason.ts';
import type { Ask, Note, Publish, Tell } from './effects.ts';
import type { Moment } from './moment.ts';
import { decideRestart } from './restart-policy.ts';
import type { NextWalk, PageFailure, WalkReport } from './sync-job-events.ts';
import { type MessageWalk, type SyncJobContext, type Walk, withError, withPace } from './sync-job-context.ts';

export type JobEffect =
  | { readonly type: 'tell'; readonly params: Tell }
  | { readonly type: 'publish'; readonly params: Publish }
  | { readonly type: 'ask'; readonly params: Ask }
  | { readonly type: 'note'; readonly params: Note };

/** What a decision comes to: the next context, and what to do about it. */
export interface Decision {
  readonly context: SyncJobContext;
  readonly effects: readonly JobEffect[];
}

/** Bad answers in a row after which a conversation is given up for this job. */
export const MAX_FAILURES = 5;
const MAX_BACKOFF_MS = 60_000;
const PROGRESS_EVERY_MS = 500;
/** No channel gives more than this in one page; the channel's own page size caps it further. */
const PAGE_SIZE = 100;

const decided = (context: SyncJobContext, ...effects: readonly JobEffect[]): Decision => ({ context, effects });
const andThen = (first: Decision, next: (context: SyncJobContext) => Decision): Decision => {
  const second = next(first.context);
  return { context: second.context, effects: [...first.effects, ...second.effects] };
};

const tellLimiter = (context: SyncJobContext, event: Tell['event']): JobEffect => ({
  type: 'tell',
  params: { to: 'rate-limit', event: { job: context.jobId, ...event } },
});

const ask = (context: SyncJobContext): JobEffect => ({ type: 'ask', params: { question: 'nextWalk', from: context.from } });

const conversationOf = (walk: Walk | null): string | null => (walk?.kind === 'messages' ? walk.conversationId : null);
const permitKindOf = (walk: Walk): 'messages' | 'contacts' => (walk.kind === 'messages' ? 'messages' : 'contacts');

export const publish = (context: SyncJobContext, name: WorldEventName, data: Readonly<Record<string, unknown>> = {}): JobEffect => ({
  type: 'publish',
  params: { name, jobId: context.jobId as JobId, data: { type: context.config.type, progress: context.progress, waitingFor: context.waitingFor, ...data } },
});

const wait = (context: SyncJobContext, what: WaitingFor['what'], until: number | null, detail: string): SyncJobContext => ({
  ...context,
  waitingFor: { what, until, detail },
});

/** Asks for the permit of the next page, or for one ahead of need. */
const requestPermit = (context: SyncJobContext, ahead: boolean): Decision => {
  if (context.walk === null) return decided(context);
  const waiter = {
    job: context.jobId,
    run: context.walk.run,
    kind: permitKindOf(context.walk),
    pageSize: PAGE_SIZE,
    conversation: conversationOf(context.walk),
  };
  return decided(context, tellLimiter(context, { type: 'permitRequested', waiter, ahead }));
};

/** Goes on with the walk under a new run, or finds the next one; without a connection it waits for it. */
export const goOn = (context: SyncJobContext, moment: Moment): Decision => {
  const rested: SyncJobContext = { ...context, retryAt: null, waitingFor: null, permits: [], committed: 0 };
  if (!rested.online) return decided(wait(rested, 'connection', null, 'The instance is not online.'));
  if (rested.walk === null && rested.phase === 'reading') return decided(rested, ask(rested));
  const walk: Walk = rested.walk === null ? { kind: 'listing', run: moment.fresh, cursor: null } : { ...rested.walk, run: moment.fresh };
  return requestPermit(wait({ ...rested, walk }, 'permit', null, 'The rate limiter has been asked.'), false);
};

/** Stops the activity and has what it may have used counted. */
export const letGo = (context: SyncJobContext): Decision =>
  decided({ ...context, permits: [], committed: 0, retryAt: null }, tellLimiter(context, { type: 'permitsForfeited' }));

export const begin = (context: SyncJobContext, event: Moment & { readonly online: boolean }): Decision => {
  const started: SyncJobContext = { ...context, online: event.online, startedAt: event.at };
  return andThen(decided(started, publish(started, 'sync.started', { config: context.config })), (next) => goOn(next, event));
};

export const takePermit = (context: SyncJobContext, limit: number): Decision => {
  const taken: SyncJobContext = { ...context, permits: [...context.permits, limit], waitingFor: null, retryAt: null };
  return taken.permits.length === 1 && taken.walk?.kind === 'messages' ? requestPermit(taken, true) : decided(taken);
};

/** The first permit that is out has been used, whatever came of it. */
const usePermit = (context: SyncJobContext, usedAt: number, succeeded: boolean): Decision =>
  context.walk === null
    ? decided(context)
    : decided(
        { ...context, permits: context.permits.slice(1) },
        tellLimiter(context, {
          type: 'permitUsed',
          kind: permitKindOf(context.walk),
          usedAt,
          succeeded,
          conversation: conversationOf(context.walk),
        }),
      );

const returnPermits = (context: SyncJobContext): Decision =>
  context.permits.length === 0 ? decided(context) : decided({ ...context, permits: [] }, tellLimiter(context, { type: 'permitsReturned' }));

const withErrors = (context: SyncJobContext, errors: readonly Omit<JobError, 'count'>[]): SyncJobContext => ({
  ...context,
  progress: errors.reduce((progress, error) => withError(progress, error), context.progress),
});

/** Leaves a conversation behind for good: it is done as far as this job goes. */
const pass = (context: SyncJobContext, walk: MessageWalk): SyncJobContext => ({
  ...context,
  walk: null,
  failures: 0,
  unreachable: 0,
  from: Math.max(context.from, walk.ordinal + 1),
  deferred: context.deferred.filter((ordinal) => ordinal !== walk.ordinal),
  progress: { ...context.progress, conversationsDone: context.progress.conversationsDone + 1 },
});

const freed: JobEffect = { type: 'tell', params: { to: 'jobs', event: { type: 'conversationFreed' } } };

const noteOf = (walk: MessageWalk, stopReason: StopReason, unreadable: string | null = null): JobEffect => ({
  type: 'note',
  params: { conversationId: walk.conversationId, stopReason, unreadable },
});

const tellProgress = (context: SyncJobContext, at: number): Decision => {
  const paced: SyncJobContext = { ...context, progress: withPace(context, at) };
  return at - paced.publishedAt < PROGRESS_EVERY_MS
    ? decided(paced)
    : decided({ ...paced, publishedAt: at }, publish(paced, 'sync.progress'));
};

export const storeListing = (context: SyncJobContext, event: Moment & Extract<WalkReport, { type: 'listingStored' }>): Decision => {
  const counted = withErrors(
    { ...context, failures: 0, unreachable: 0, progress: { ...context.progress, listingRequests: context.progress.listingRequests + 1 } },
    event.errors,
  );
  return andThen(usePermit(counted, event.usedAt, true), (used) => {
    if (used.walk?.kind !== 'listing') return decided(used);
    if (event.nextCursor !== null) {
      const next: SyncJobContext = { ...used, walk: { ...used.walk, cursor: event.nextCursor }, committed: used.committed + 1 };
      return requestPermit(wait(next, 'permit', null, 'The rate limiter has been asked.'), false);
    }
    const listed: SyncJobContext = {
      ...used,
      phase: 'reading',
      walk: null,
      committed: 0,
      progress: { ...used.progress, conversationsTotal: event.total },
    };
    return andThen(tellProgress(listed, event.at), (told) => decided(told, ask(told)));
  });
};

export const storePage = (context: SyncJobContext, event: Moment & Extract<WalkReport, { type: 'pageStored' }>): Decision => {
  const { counts } = event;
  const before = context.progress;
  const counted = withErrors(
    {
      ...context,
      failures: 0,
      unreachable: 0,
      committed: context.committed + 1,
      progress: {
        ...before,
        fetched: before.fetched + counts.fetched,
        stored: before.stored + counts.stored,
        duplicates: before.duplicates + counts.duplicates,
        updated: before.updated + counts.updated,
        malformed: before.malformed + counts.malformed,
        pages: before.pages + 1,
      },
    },
    event.errors,
  );
  return andThen(usePermit(counted, event.usedAt, true), (used) => {
    const walk = used.walk;
    if (walk?.kind !== 'messages') return decided(used);
    const moved: SyncJobContext = { ...used, walk: { ...walk, before: event.before ?? walk.before } };
    if (event.ended === null) {
      const asked = requestPermit(moved, moved.permits.length > 0);
      return andThen(asked, (next) =>
        tellProgress(next.permits.length > 0 ? next : wait(next, 'permit', null, 'The rate limiter has been asked.'), event.at),
      );
    }
    const ended = andThen(returnPermits(moved), (next) => decided(next, noteOf(walk, event.ended as StopReason), freed));
    // What is read again is not told by spans, so such a conversation is left behind here.
    const left = moved.config.refresh ? andThen(ended, (next) => decided(pass(next, walk))) : ended;
    return andThen(
      andThen(left, (next) => tellProgress(next, event.at)),
      (next) => decided({ ...next, committed: 0 }, ask(next)),
    );
  });
};

const retryLater = (context: SyncJobContext, moment: Moment, tries: number, detail: string): Decision => {
  const retryAt = Math.ceil(moment.at + Math.min(MAX_BACKOFF_MS, 1000 * 2 ** Math.min(tries, 6)) * (1 + 0.25 * moment.random));
  return decided({ ...wait(context, 'platform', retryAt, detail), retryAt });
};

const leaveBehind = (context: SyncJobContext, walk: MessageWalk, stopReason: StopReason, message: string): Decision => {
  const error = { conversationId: walk.conversationId, externalId: walk.externalId, reason: stopReason, message };
  const passed = pass(withErrors(context, [error]), walk);
  return decided(passed, noteOf(walk, stopReason, stopReason === 'no_access' ? message : null), freed, ask(passed));
};

const giveUpListing = (context: SyncJobContext, message: string): Decision => {
  const error = { conversationId: null, externalId: null, reason: 'listing_failed', message };
  const next = withErrors({ ...context, phase: 'reading', walk: null, failures: 0 }, [error]);
  return decided(next, ask(next));
};

/** Puts a conversation off until the others are read: it is resting, or somebody else is reading it. */
const defer = (context: SyncJobContext, walk: MessageWalk): Decision => {
  const deferred: SyncJobContext = {
    ...context,
    walk: null,
    from: Math.max(context.from, walk.ordinal + 1),
    deferred: [...context.deferred.filter((ordinal) => ordinal !== walk.ordinal), walk.ordinal],
  };
  return decided(deferred, freed, ask(deferred));
};

export const rest = (context: SyncJobContext, until: number): Decision => {
  const { walk } = context;
  if (walk?.kind !== 'messages') return decided(context);
  if (!context.config.refresh) return defer(context, walk);
  return decided({ ...wait(context, 'cooldown', until, `${walk.name ?? walk.externalId} is resting.`), retryAt: until });
};

export const failPage = (context: SyncJobContext, event: Moment & Extract<WalkReport, { type: 'pageFailed' }>): Decision => {
  const { failure } = event;
  const used = andThen(usePermit(context, event.usedAt, false), returnPermits);
  return andThen(used, (next): Decision => {
    const { walk } = next;
    if (walk === null) return decided(next);
    if (failure.kind === 'rateLimited') {
      const retryAfterMs = failure.retryAfterMs;
      if (failure.scope === 'conversation' && walk.kind === 'messages') {
        const stopped = decided(next, tellLimiter(next, { type: 'conversationSaidStop', conversation: walk.conversationId, retryAfterMs }));
        // Asking for the permit again makes the limiter answer until when the conversation rests.
        return andThen(stopped, (resting) => goOn(resting, event));
      }
      const stopped = decided(next, tellLimiter(next, { type: 'platformSaidStop', retryAfterMs, usedAt: event.usedAt }));
      return andThen(stopped, (cooling) => goOn(cooling, event));
    }
    if (failure.kind === 'accessDenied' && walk.kind === 'messages') return leaveBehind(next, walk, 'no_access', failure.message);
    if (failure.kind === 'unreachable') {
      return retryLater({ ...next, unreachable: next.unreachable + 1 }, event, next.unreachable, failure.message);
    }
    const failures = next.failures + 1;
    if (failures < MAX_FAILURES) return retryLater({ ...next, failures }, event, next.failures, failure.message);
    return walk.kind === 'messages'
      ? leaveBehind(next, walk, 'platform_error', failure.message)
      : giveUpListing(next, failure.message);
  });
};

const sameStretch = (a: Walk | null, b: Omit<MessageWalk, 'run'>): boolean =>
  a?.kind === 'messages' &&
  a.conversationId === b.conversationId &&
  a.floor.at === b.floor.at &&
  a.floor.id === b.floor.id &&
  a.from?.at === b.from?.at &&
  a.from?.id === b.from?.id;

export const takeWalk = (context: SyncJobContext, event: Moment & Extract<NextWalk, { type: 'walkChosen' }>): Decision => {
  const walk: MessageWalk = { ...event.walk, run: event.fresh };
  const moved = arrive(context, event);
  if (sameStretch(context.walk, walk)) {
    const message = 'Reading this stretch did not cover it: the platform answers in a way that makes no progress.';
    return leaveBehind(moved, walk, 'platform_error', message);
  }
  return goOn({ ...moved, walk }, event);
};

const arrive = (
  context: SyncJobContext,
  event: { readonly from: number; readonly passed: number; readonly errors: readonly Omit<JobError, 'count'>[]; readonly deferred?: readonly number[] },
): SyncJobContext => {
  const counted = withErrors(context, event.errors);
  return {
    ...counted,
    from: event.from,
    deferred: event.deferred ?? [],
    progress: { ...counted.progress, conversationsDone: counted.progress.conversationsDone + event.passed },
  };
};

export const blocked = (context: SyncJobContext, event: Moment & Extract<NextWalk, { type: 'allBlocked' }>): Decision => {
  const moved: SyncJobContext = { ...arrive(context, event), walk: null, retryAt: event.until };
  return decided(wait(moved, event.what, event.until, event.detail));
};

export const complete = (context: SyncJobContext, event: Moment & Extract<NextWalk, { type: 'nothingLeft' }>): Decision => {
  const done: SyncJobContext = { ...arrive(context, event), walk: null };
  return finish(done, event.at, 'completed', 'sync.completed', null);
};

const finish = (
  context: SyncJobContext,
  at: number,
  outcome: NonNullable<SyncJobContext['outcome']>,
  name: WorldEventName,
  errorMessage: string | null,
): Decision => {
  const paced = withPace({ ...context, walk: null }, at);
  const ended: SyncJobContext = {
    ...context,
    outcome,
    errorMessage,
    walk: null,
    waitingFor: null,
    retryAt: null,
    completedAt: at,
    progress: { ...paced, current: null, etaMs: outcome === 'completed' ? 0 : null, percent: outcome === 'completed' ? 100 : paced.percent },
  };
  return decided(ended, publish(ended, name, errorMessage === null ? {} : { errorMessage }));
};

export const cancel = (context: SyncJobContext, at: number): Decision =>
  andThen(letGo(context), (next) => {
    const notes = next.walk?.kind === 'messages' ? [noteOf(next.walk, 'cancelled'), freed] : [];
    return andThen(decided(next, ...notes), (noted) => finish(noted, at, 'cancelled', 'sync.cancelled', null));
  });

export const fail = (context: SyncJobContext, at: number, message: string): Decision =>
  andThen(letGo(context), (next) => andThen(decided(next, freed), (told) => finish(told, at, 'failed', 'sync.failed', message)));

/** A step of ours threw on what this job brought: try again under the restart policy, then fail. */
export const crash = (context: SyncJobContext, event: Moment & { readonly message: string }): Decision => {
  const decision = decideRestart(context.restarts, { ...event, stableSince: null });
  if (!decision.restart) return fail(context, event.at, `Gave up after repeated failures: ${event.message}`);
  return andThen(letGo(context), (next) =>
    decided({ ...wait(next, 'restart', decision.at, event.message), retryAt: decision.at, restarts: decision.log }),
  );
};
