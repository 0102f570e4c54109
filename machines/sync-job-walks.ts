import type { ConversationId } from '../src/domain/ids.ts';
import type { JobError } from '../src/domain/job.ts';
import type { StopReason } from '../src/domain/stop-reason.ts';
import type { Moment } from './moment.ts';
import type { MessageWalk, SyncJobContext, Walk } from './sync-job-context.ts';
import {
  ASK_NEXT,
  andThen,
  type Decision,
  decided,
  FREED,
  noteOf,
  requestPermitAhead,
  wait,
  withErrors,
} from './sync-job-decision.ts';
import type { Aside, FromLimiter, NextWalk } from './sync-job-events.ts';
import { letGo } from './sync-job-life.ts';
import { complete, goOn, markIncomplete } from './sync-job-stages.ts';

/** The decisions about which stretch a job reads next, and with whose leave. */

const sameStretch = (a: Walk | null, b: Omit<MessageWalk, 'run'>): boolean =>
  a?.kind === 'messages' &&
  a.conversationId === b.conversationId &&
  a.floor.at === b.floor.at &&
  a.floor.id === b.floor.id &&
  a.top?.at === b.top?.at &&
  a.top?.id === b.top?.id;

interface Found {
  readonly from: number;
  readonly passed: number;
  readonly errors: readonly Omit<JobError, 'count'>[];
  readonly deferred?: readonly number[];
}

/** Takes over how far the search for the next stretch came. */
const arrive = (context: SyncJobContext, found: Found): SyncJobContext => {
  const counted = withErrors(context, found.errors);
  const { progress } = counted;
  return {
    ...counted,
    from: found.from,
    deferred: found.deferred ?? [],
    progress: { ...progress, conversationsDone: progress.conversationsDone + found.passed },
  };
};

const NO_PROGRESS_MADE = 'Reading this stretch did not cover it: the platform answers in a way that makes no progress.';

/** Puts the walk down, and tells the others if the next one (null: none yet) is in another conversation. */
const letFree = (context: SyncJobContext, next: ConversationId | null): Decision => {
  const put: SyncJobContext = { ...context, walk: null };
  const isLeft = context.walk?.kind === 'messages' && context.walk.conversationId !== next;
  return isLeft ? decided(put, FREED) : decided(put);
};

export const takeWalk = (
  context: SyncJobContext,
  event: Moment & Extract<NextWalk, { type: 'walkChosen' }>,
): Decision => {
  const walk: MessageWalk = { ...event.walk, run: event.fresh };
  const arrived = arrive(context, event);
  if (sameStretch(context.walk, walk)) return leaveBehind(arrived, walk, 'platform_error', NO_PROGRESS_MADE);
  return andThen(letFree(arrived, walk.conversationId), (next) => goOn({ ...next, walk }, event));
};

export const blocked = (
  context: SyncJobContext,
  event: Moment & Extract<NextWalk, { type: 'allBlocked' }>,
): Decision => {
  return andThen(letFree(arrive(context, event), null), (arrived) =>
    decided({ ...wait(arrived, event.what, event.until, event.detail), retryAt: event.until }),
  );
};

/** Lets other steps have their turn, and asks again as soon as the timer comes round. */
export const pauseSearch = (
  context: SyncJobContext,
  event: Moment & Extract<NextWalk, { type: 'searchPaused' }>,
): Decision => andThen(letFree(arrive(context, event), null), (arrived) => decided({ ...arrived, retryAt: event.at }));

export const nothingLeft = (
  context: SyncJobContext,
  event: Moment & Extract<NextWalk, { type: 'nothingLeft' }>,
): Decision => complete({ ...arrive(context, event), walk: null }, event.at);

/** A conversation is done as far as this job goes. */
export const pass = (context: SyncJobContext, walk: MessageWalk): SyncJobContext => ({
  ...context,
  walk: null,
  failures: 0,
  unreachable: 0,
  from: Math.max(context.from, walk.ordinal + 1),
  deferred: context.deferred.filter((ordinal) => ordinal !== walk.ordinal),
  progress: { ...context.progress, conversationsDone: context.progress.conversationsDone + 1 },
});

/** Leaves a conversation unfinished, with the reason on record, and goes on to the next. */
export const leaveBehind = (
  context: SyncJobContext,
  walk: MessageWalk,
  stopReason: StopReason,
  message: string,
): Decision => {
  const error = { conversationId: walk.conversationId, externalId: walk.externalId, reason: stopReason, message };
  const passed = pass(withErrors(markIncomplete(context), [error]), walk);
  return decided(passed, noteOf(walk, stopReason, stopReason === 'no_access' ? message : null), FREED, ASK_NEXT);
};

/** Puts a conversation off until the others are read. */
const defer = (context: SyncJobContext, walk: MessageWalk): Decision => {
  const deferred: SyncJobContext = {
    ...context,
    walk: null,
    from: Math.max(context.from, walk.ordinal + 1),
    deferred: [...context.deferred.filter((ordinal) => ordinal !== walk.ordinal), walk.ordinal],
  };
  return decided(deferred, FREED, ASK_NEXT);
};

export const rest = (context: SyncJobContext, until: number): Decision => {
  const { walk } = context;
  if (walk?.kind !== 'messages') return decided(context);
  if (!context.config.refresh) return defer(context, walk);
  return decided({
    ...wait(context, 'cooldown', until, `${walk.name ?? walk.externalId} is resting.`),
    retryAt: until,
  });
};

type Merged = Extract<Aside, { type: 'conversationMerged' }>;

/** What was asked for under the id that is gone is asked for under the one that stays. */
export const renameMerged = (context: SyncJobContext, { gone, kept }: Merged): SyncJobContext => {
  const { config } = context;
  if (config.conversationIds === null) return context;
  const asked = config.conversationIds.map((id) => (id === gone ? kept : id));
  return { ...context, config: { ...config, conversationIds: [...new Set(asked)].sort() } };
};

/** A job that reads what is no more goes on with what it became. */
export const followMerge = (context: SyncJobContext, event: Moment & Merged): Decision => {
  const { walk } = context;
  const renamed = renameMerged(context, event);
  const isRead =
    walk?.kind === 'messages' && (walk.conversationId === event.gone || walk.conversationId === event.kept);
  // Its spans have changed under the walk: they tell where to go on.
  return isRead ? andThen(letGo(renamed), (next) => goOn({ ...next, walk: null }, event)) : decided(renamed);
};

export const takePermit = (
  context: SyncJobContext,
  event: Moment & Extract<FromLimiter, { type: 'permitGranted' }>,
): Decision => {
  const { permits, granted, walk } = context;
  const taken: SyncJobContext = {
    ...context,
    permits: [...permits, event.limit],
    granted: granted + 1,
    waitingFor: null,
    retryAt: null,
  };
  const overlaps = walk?.kind === 'messages' || walk?.kind === 'survey';
  return permits.length === 0 && overlaps ? requestPermitAhead(taken) : decided(taken);
};

/** By the name that the setting of every channel has. */
const limitReached = ({ walk }: SyncJobContext): string =>
  `The limit ${walk?.kind === 'messages' ? 'messagesPerMinute' : 'contactsPerMinute'} of this account is reached.`;

export const waitForPermit = (
  context: SyncJobContext,
  event: Extract<FromLimiter, { type: 'permitDelayed' }>,
): Decision =>
  decided(
    event.what === 'cooldown'
      ? wait(context, 'cooldown', event.until, 'The platform asked for a pause.')
      : wait(context, 'permit', event.until, limitReached(context)),
  );
