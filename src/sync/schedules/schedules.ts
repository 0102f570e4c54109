import type { Effect } from 'effect';
import type { Refused, StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { RunNow, ScheduleName, ScheduleView, SkipReason, SlotClaim } from '../../domain/schedule.ts';

type Read<A> = Effect.Effect<A, StoreUnavailable>;

/** An instance's share in a slot, whose turn has come. */
export interface DueRun extends SlotClaim {
  readonly instanceId: InstanceId;
  /** Whether it is wanted, and works or comes back by itself: no person has to act first. */
  readonly isConnected: boolean;
}

export interface OpenedSlot {
  readonly slotAt: number;
  readonly instances: number;
}

/** Who may take part in a schedule. */
export interface Candidate {
  readonly instanceId: InstanceId;
  readonly isConnected: boolean;
}

/**
 * The slots of the schedules and what became of them. A slot is opened once, whichever node sees first that it has
 * come, and with it each connected instance's share in it, to be settled once at its own time. A share becomes a job
 * in the transaction that accepts the job's command (`CommandStore.submit`).
 */
export interface ScheduleStore {
  /** Opens the slot that is owed by `now` (ms); null: none is, or somebody else was faster. */
  readonly open: (name: ScheduleName, now: number) => Read<OpenedSlot | null>;
  /**
   * Records a run that somebody asked for (at `now`, ms), with the shares of these instances; gives its `slotAt`. It is
   * no slot of the clock: what is owed stays what it was.
   */
  readonly openByHand: (name: ScheduleName, ids: readonly InstanceId[], now: number) => Read<number>;
  /** Shares whose turn has come, in the order of their turns. */
  readonly due: (now: number, limit: number) => Read<readonly DueRun[]>;
  /** Settles a share of which no job comes; `jobId` is the one in its way. Nothing happens if it is settled already. */
  readonly skip: (run: DueRun, reason: SkipReason, jobId: JobId | null, at: number) => Read<void>;
  /** Puts a share off until an instant (ms). */
  readonly putOff: (run: DueRun, until: number) => Read<void>;
  readonly views: (now: number) => Read<readonly ScheduleView[]>;
  /** These instances, or all. Refuses with 404 an instance that does not exist. */
  readonly candidates: (
    ids: readonly InstanceId[] | null,
  ) => Effect.Effect<readonly Candidate[], Refused | StoreUnavailable>;
}

/** The schedules as the API sees them. */
export interface Schedules {
  readonly views: Read<readonly ScheduleView[]>;
  /** Starts the jobs of a schedule now, of these instances or of all that are connected. */
  readonly runNow: (
    name: ScheduleName,
    ids: readonly InstanceId[] | null,
  ) => Effect.Effect<readonly RunNow[], Refused | StoreUnavailable>;
}
