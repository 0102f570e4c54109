import { Clock, Effect } from 'effect';
import type { Refused, StoreUnavailable } from '../../domain/errors.ts';
import { type InstanceId, JobId } from '../../domain/ids.ts';
import { wholeConfigOf } from '../../domain/job.ts';
import type { Log } from '../../domain/log.ts';
import { type RunNow, ScheduleName, type SkipReason, type SlotClaim } from '../../domain/schedule.ts';
import type { CommandBus } from '../../runtime/messaging/command-bus.ts';
import type { DueRun, ScheduleStore, Schedules } from './schedules.ts';

/** Jobs that one look starts at most: what piled up while nobody looked does not all begin at once either. */
const AT_ONCE = 200;
/** How long an instance is left alone whose mailbox is full, ms. */
const FULL_MS = 60_000;
/** Commands that `runNow` has under way at a time. */
const ABREAST = 4;

export interface SchedulerSetting {
  readonly store: ScheduleStore;
  readonly bus: Pick<CommandBus, 'submit'>;
  /** Whether a schedule is enabled for an instance, by the settings in force. */
  readonly isEnabled: (name: ScheduleName, id: InstanceId) => boolean;
  readonly uuid: () => string;
  readonly log: Log;
}

export interface Scheduler extends Schedules {
  /**
   * Opens the slots that have come, and has their jobs begin whose turn it is. Any number of nodes may look at any
   * time: the database sees to it that one job comes of each share. What this one leaves undone, the next look does.
   */
  readonly look: Effect.Effect<void, StoreUnavailable>;
}

export const scheduler = ({ store, bus, isEnabled, uuid, log }: SchedulerSetting): Scheduler => {
  const start = (name: ScheduleName, id: InstanceId, claim: SlotClaim) => {
    const jobId = JobId.make(uuid());
    return Effect.as(bus.submit(id, { type: 'startSync', jobId, config: wholeConfigOf(name) }, claim), jobId);
  };

  const begin = (run: DueRun): Effect.Effect<void, StoreUnavailable> =>
    Effect.gen(function* () {
      const { schedule, instanceId } = run;
      const now = yield* Clock.currentTimeMillis;
      if (!run.isConnected) return yield* store.skip(run, 'not_connected', null, now);
      if (!isEnabled(schedule, instanceId)) return yield* store.skip(run, 'disabled', null, now);
      yield* start(schedule, instanceId, run).pipe(
        Effect.catchTag('Refused', (refused) => notBegun(run, refused, now)),
        Effect.asVoid,
      );
    });

  const notBegun = (run: DueRun, refused: Refused, now: number): Effect.Effect<void, StoreUnavailable> => {
    const { code, message } = refused;
    // Another node was faster.
    if (code === 'slot_taken') return Effect.void;
    if (code === 'mailbox_full') return store.putOff(run, now + FULL_MS);
    if (code === 'sync_active') return store.skip(run, 'sync_active', jobIn(refused), now);
    log.warn({ instanceId: run.instanceId, schedule: run.schedule, code }, `A scheduled job was refused: ${message}`);
    return store.skip(run, 'refused', null, now);
  };

  const look = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis;
    for (const name of ScheduleName.literals) {
      const opened = yield* store.open(name, now);
      if (opened === null) continue;
      const slotAt = new Date(opened.slotAt).toISOString();
      log.info({ schedule: name, slotAt, instances: opened.instances }, 'A slot of a schedule has come.');
    }
    for (const run of yield* store.due(now, AT_ONCE)) yield* begin(run);
  });

  const runOne = (run: DueRun): Effect.Effect<RunNow, StoreUnavailable> =>
    Effect.gen(function* () {
      const { schedule, instanceId } = run;
      const now = yield* Clock.currentTimeMillis;
      const skip = (reason: string, recorded: SkipReason, jobId: JobId | null) =>
        Effect.as(store.skip(run, recorded, jobId, now), { instanceId, outcome: 'skipped' as const, jobId, reason });
      if (!run.isConnected) return yield* skip('not_connected', 'not_connected', null);
      return yield* start(schedule, instanceId, run).pipe(
        Effect.map((jobId): RunNow => ({ instanceId, outcome: 'started', jobId, reason: null })),
        Effect.catchTag('Refused', (refused) =>
          skip(refused.code, refused.code === 'sync_active' ? 'sync_active' : 'refused', jobIn(refused)),
        ),
      );
    });

  return {
    look,
    views: Effect.flatMap(Clock.currentTimeMillis, store.views),
    runNow: (name, ids) =>
      Effect.gen(function* () {
        const candidates = yield* store.candidates(ids);
        // Of all, only those that are connected are meant; of those that were named, each is answered for.
        const meant = ids === null ? candidates.filter(({ isConnected }) => isConnected) : candidates;
        const ofMeant = meant.map(({ instanceId }) => instanceId);
        const slotAt = yield* store.openByHand(name, ofMeant, yield* Clock.currentTimeMillis);
        return yield* Effect.forEach(meant, (candidate) => runOne({ ...candidate, schedule: name, slotAt }), {
          concurrency: ABREAST,
        });
      }),
  };
};

/** The job that is in the way. */
const jobIn = ({ details }: Refused): JobId | null => {
  const jobId = details?.['jobId'];
  return typeof jobId === 'string' ? JobId.make(jobId) : null;
};
