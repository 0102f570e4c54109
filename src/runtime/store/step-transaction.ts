import type { ChannelName } from '../../domain/channel-name.ts';
import type { Command, Letter } from '../../domain/command.ts';
import type { WorldEvent } from '../../domain/event.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { Account, InstanceError, InstanceState } from '../../domain/instance.ts';
import type { JobStatus, Progress, WaitingFor } from '../../domain/job.ts';
import type { StoredSnapshot } from '../stored-snapshot.ts';

/** What a step writes about a job. `sync_jobs` is the only place where it lives. Times in ms. */
export interface JobRecord {
  readonly jobId: JobId;
  readonly status: JobStatus;
  readonly progress: Progress;
  readonly waitingFor: WaitingFor | null;
  readonly errorMessage: string | null;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly snapshot: StoredSnapshot;
}

/** What a step writes about the instance itself, for lists that must not restore an actor to show its state. */
export interface InstanceRecord {
  readonly state: InstanceState;
  readonly account: Account | null;
  readonly error: InstanceError | null;
  /** True while the supervisor must live: connected, connecting, or due to try again. */
  readonly wanted: boolean;
}

export interface NewDeadLetter {
  readonly letter: Letter;
  readonly reason: string;
  readonly attempts: number;
  /** ms */
  readonly at: number;
}

/** The writes of one step. All of them commit together with the fence check, or none does. */
export interface StepTransaction {
  /** Marks command `seq` as run: `last_seq` moves on and the command is finished. */
  readonly finishCommand: (instanceId: InstanceId, letter: Letter) => Promise<void>;
  /**
   * Takes in a command that the instance asks of itself: it is committed with what the step decided, and runs after
   * it.
   */
  readonly acceptOwn: (instanceId: InstanceId, command: Command, at: number) => Promise<Letter>;
  readonly addDeadLetter: (dead: NewDeadLetter) => Promise<void>;
  readonly saveInstance: (instanceId: InstanceId, record: InstanceRecord) => Promise<void>;
  /** Shows that an instance cannot run, and why; what else its row says stays as it is. */
  readonly parkInstance: (instanceId: InstanceId, error: InstanceError) => Promise<void>;
  /** The instance that holds this account of a channel, if it is another one than `exceptId`. */
  readonly accountHolder: (
    channel: ChannelName,
    accountExternalId: string,
    exceptId: InstanceId,
  ) => Promise<InstanceId | null>;
  /** Forgets the secrets of the session with the platform. What was pushed and is not worked off yet stays. */
  readonly endSession: (instanceId: InstanceId) => Promise<void>;
  readonly saveActor: (instanceId: InstanceId, actorId: string, snapshot: StoredSnapshot) => Promise<void>;
  readonly saveJob: (record: JobRecord) => Promise<void>;
  /** Ends a job whose actor cannot be asked any more. */
  readonly failJob: (jobId: JobId, message: string, at: number) => Promise<void>;
  readonly publish: (
    instanceId: InstanceId,
    channel: ChannelName,
    events: readonly WorldEvent[],
    at: number,
  ) => Promise<void>;
}
