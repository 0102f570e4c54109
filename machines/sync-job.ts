import { type SnapshotFrom, setup } from 'xstate';
import type { JobId } from '../src/domain/ids.ts';
import { type JobConfig, progressOf } from '../src/domain/job.ts';
import type { ActorDefinition } from './actor-definition.ts';
import { EFFECTS } from './effects.ts';
import { NO_RESTARTS } from './restart-policy.ts';
import { SyncJobContext } from './sync-job-context.ts';
import { type Decision, decided, withErrors } from './sync-job-decision.ts';
import type { SyncJobEvent } from './sync-job-events.ts';
import { failPage } from './sync-job-failures.ts';
import {
  begin,
  cancel,
  crash,
  fail,
  loseConnection,
  pause,
  regainConnection,
  restore,
  resume,
} from './sync-job-life.ts';
import { countPush, storeListing, storePage, storeSurvey } from './sync-job-pages.ts';
import { firstStage, goOn } from './sync-job-stages.ts';
import {
  blocked,
  followMerge,
  nothingLeft,
  pauseSearch,
  renameMerged,
  rest,
  takePermit,
  takeWalk,
  waitForPermit,
} from './sync-job-walks.ts';

/*
 * One sync job. A job for contacts or groups surveys them, request by request; one for messages lists the conversations
 * of its scope, then reads them one after another, page by page; `all` does all three.
 *
 * `pending`    accepted; no step has seen it yet.
 * `waiting`    for a connection, a permit, a cooldown, another job's walk or the platform: `waitingFor` says which.
 * `running`    holds at least one permit: the walk activity is fetching the next page.
 * `paused`     the operator wants it to hold; nothing is fetched, its scope stays taken.
 * `completed`, `failed`, `cancelled`   over.
 *
 * Invariants: a walk exists exactly while there is something to read, and its `run` changes whenever the activity
 * must begin anew, so a page of an earlier run is dropped; a page moves `walk.before` in the transaction that stores
 * it, so a restart repeats at most the pages that were under way; `permits` never holds more than two, one for the
 * page that is being fetched and one of look-ahead.
 *
 * What fails: a page. Too many requests cool the limiter down; no access leaves the conversation with its reason;
 * nobody there waits for as long as it takes; a bad answer is tried five times, then the conversation is left, or that
 * part of a list is passed over; a phone that keeps silent is asked from another message, given a pause, and left alone
 * for a later job; one that answers nothing at all ends the part of the job that asked it as failed.
 * None of them sinks the job, as long as one of its parts has not failed. Our own failures on what it brought restart
 * it under the restart policy.
 */

const builder = setup({
  types: { context: {} as SyncJobContext, events: {} as SyncJobEvent, input: {} as SyncJobContext },
  actions: EFFECTS,
  guards: {
    isOwed: ({ context, event }) => 'run' in event && event.run === context.walk?.run && context.permits.length > 0,
    /** The limiter may answer too late: in the very step in which the job has let go of everything. */
    isAwaited: ({ context, event }) =>
      'run' in event &&
      event.run === context.walk?.run &&
      context.online &&
      (context.permits.length > 0 || context.waitingFor?.what === 'permit' || context.waitingFor?.what === 'cooldown'),
    isDue: ({ context, event }) => context.retryAt !== null && event.at >= context.retryAt,
    isWaitingForWalk: ({ context }) => context.waitingFor?.what === 'walk',
    hasPermit: ({ context }) => context.permits.length > 0,
    hasNoPermit: ({ context }) => context.permits.length === 0,
    hasCompleted: ({ context }) => context.outcome === 'completed',
    hasFailed: ({ context }) => context.outcome === 'failed',
    wasCancelled: ({ context }) => context.outcome === 'cancelled',
  },
});

const isA = <Type extends SyncJobEvent['type']>(
  event: SyncJobEvent,
  type: Type,
): event is Extract<SyncJobEvent, { type: Type }> => event.type === type;

/** Carries a decision out: its context, then its effects. */
const decide = <Type extends SyncJobEvent['type']>(
  type: Type,
  decision: (context: SyncJobContext, event: Extract<SyncJobEvent, { type: Type }>) => Decision,
) =>
  builder.enqueueActions(({ context, event, enqueue }) => {
    if (!isA(event, type)) return;
    const decided = decision(context, event);
    enqueue.assign(decided.context);
    for (const effect of decided.effects) enqueue(effect);
  });

const end = [
  { guard: 'hasCompleted', target: 'completed' },
  { guard: 'hasFailed', target: 'failed' },
  { guard: 'wasCancelled', target: 'cancelled' },
] as const;

const stop = {
  cancel: { actions: decide('cancel', (context, event) => cancel(context, event.at)) },
  giveUp: { actions: decide('giveUp', (context, event) => fail(context, event.at, event.message)) },
} as const;

const knowOffline = { actions: builder.assign({ online: false }) } as const;
const knowOnline = { actions: builder.assign({ online: true }) } as const;

/** What can happen to a job that is under way, whether it holds a permit or waits for one. */
const underWay = {
  ...stop,
  pause: { target: 'paused', actions: decide('pause', pause) },
  connectionDown: { actions: decide('connectionDown', loseConnection) },
  connectionUp: { actions: decide('connectionUp', regainConnection) },
  conversationFreed: { guard: 'isWaitingForWalk', actions: decide('conversationFreed', goOn) },
  timerDue: { guard: 'isDue', actions: decide('timerDue', goOn) },
  restored: { actions: decide('restored', restore) },
  crashed: { actions: decide('crashed', crash) },
  listingStored: { guard: 'isOwed', actions: decide('listingStored', storeListing) },
  surveyStored: { guard: 'isOwed', actions: decide('surveyStored', storeSurvey) },
  pageStored: { guard: 'isOwed', actions: decide('pageStored', storePage) },
  pageFailed: { guard: 'isOwed', actions: decide('pageFailed', failPage) },
  pushStored: { actions: decide('pushStored', countPush) },
  pushLost: { actions: decide('pushLost', (context, event) => decided(withErrors(context, [event.error]))) },
  conversationMerged: { actions: decide('conversationMerged', followMerge) },
  walkChosen: { actions: decide('walkChosen', takeWalk) },
  allBlocked: { actions: decide('allBlocked', blocked) },
  searchPaused: { actions: decide('searchPaused', pauseSearch) },
  nothingLeft: { actions: decide('nothingLeft', nothingLeft) },
  permitGranted: {
    guard: 'isAwaited',
    actions: decide('permitGranted', (context, event) => takePermit(context, event)),
  },
  permitsRecalled: { guard: 'hasPermit', actions: decide('permitsRecalled', goOn) },
  permitDelayed: { guard: 'isAwaited', actions: decide('permitDelayed', waitForPermit) },
  conversationResting: {
    guard: 'isAwaited',
    actions: decide('conversationResting', (context, event) => rest(context, event.until)),
  },
} as const;

export const syncJobMachine = builder.createMachine({
  id: 'sync-job',
  context: ({ input }) => input,
  initial: 'pending',
  states: {
    pending: {
      always: end,
      on: {
        ...stop,
        pause: { target: 'paused', actions: decide('pause', pause) },
        start: { target: 'waiting', actions: decide('start', begin) },
      },
    },
    waiting: { always: [...end, { guard: 'hasPermit', target: 'running' }], on: underWay },
    running: { always: [...end, { guard: 'hasNoPermit', target: 'waiting' }], on: underWay },
    paused: {
      always: end,
      on: {
        ...stop,
        connectionUp: knowOnline,
        connectionDown: knowOffline,
        restored: knowOffline,
        conversationMerged: {
          actions: decide('conversationMerged', (context, event) => decided(renameMerged(context, event))),
        },
        resume: { target: 'waiting', actions: decide('resume', resume) },
      },
    },
    completed: { type: 'final' },
    failed: { type: 'final' },
    cancelled: { type: 'final' },
  },
});

export type SyncJobSnapshot = SnapshotFrom<typeof syncJobMachine>;

/** The context of a job that was just accepted. */
export const newSyncJob = (jobId: JobId, config: JobConfig): SyncJobContext => ({
  jobId,
  config,
  stage: firstStage({ config }),
  from: 0,
  deferred: [],
  walk: null,
  permits: [],
  granted: 0,
  failures: 0,
  unreachable: 0,
  silences: 0,
  online: false,
  waitingFor: null,
  retryAt: null,
  progress: progressOf(config.type),
  startedAt: null,
  completedAt: null,
  publishedAt: 0,
  errorMessage: null,
  outcome: null,
  restarts: NO_RESTARTS,
});

export const syncJobActor: ActorDefinition<typeof syncJobMachine> = {
  id: 'sync-job',
  version: 2,
  machine: syncJobMachine,
  context: SyncJobContext,
  // Version 1 knew jobs for messages only, and no platform that keeps silent.
  migrate: (context) => {
    const before = context as { readonly phase?: unknown; readonly progress?: object };
    return { ...before, silences: 0, stage: before.phase, progress: { ...before.progress, parts: [] } };
  },
  deadline: (snapshot) => snapshot.context.retryAt,
};
