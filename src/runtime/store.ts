import type { Effect } from 'effect';
import type { ChannelName } from '../domain/channel-name.ts';
import type { Command, Letter } from '../domain/command.ts';
import type { DeadLetterView } from '../domain/dead-letter.ts';
import type { Contention, Fenced, Refused, StoreUnavailable } from '../domain/errors.ts';
import type { OutboxEvent, WorldEvent } from '../domain/event.ts';
import type { InstanceId, JobId } from '../domain/ids.ts';
import type { Account, InstanceError, InstanceState } from '../domain/instance.ts';
import type { JobConfig, JobStatus, Progress, WaitingFor } from '../domain/job.ts';
import type { SlotClaim } from '../domain/schedule.ts';
import type { Fence } from './fence.ts';
import type { MachineVersions } from './machine-versions.ts';
import type { StoredSnapshot } from './stored-snapshot.ts';

/** Everything that one instance needs to be restored, read in one go. */
export interface StoredInstance {
  readonly id: InstanceId;
  readonly name: string;
  readonly channel: ChannelName;
  readonly partition: number;
  /** The last command that was run (or given up). */
  readonly lastSeq: number;
  /** The instance's own actors by actor id (`instance`, `rate-limit`); empty on a first start. */
  readonly actors: ReadonlyMap<string, StoredSnapshot>;
  /** Its unfinished jobs, oldest first. A job that no step has seen yet has no snapshot. */
  readonly jobs: readonly StoredJob[];
}

export interface StoredJob {
  readonly jobId: JobId;
  readonly config: JobConfig;
  readonly snapshot: StoredSnapshot | null;
}

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
  /** Takes in a command that the instance asks of itself: it is committed with what the step decided, and runs after it. */
  readonly acceptOwn: (instanceId: InstanceId, command: Command, at: number) => Promise<Letter>;
  readonly addDeadLetter: (dead: NewDeadLetter) => Promise<void>;
  readonly saveInstance: (instanceId: InstanceId, record: InstanceRecord) => Promise<void>;
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

/**
 * What the runtime needs from a database. `Tx` is the transaction with the domain's own writes added.
 * Every effect may fail with `StoreUnavailable`; whoever runs it decides whether to wait or to refuse.
 */
export interface RuntimeStore<Tx extends StepTransaction> {
  /**
   * Runs `body` in one transaction behind the fence. A fence that no longer holds fails with `Fenced` and
   * writes nothing. `body` may await nothing but the transaction's own methods.
   */
  readonly step: <A>(
    fence: Fence,
    body: (tx: Tx) => Promise<A>,
  ) => Effect.Effect<A, Fenced | Contention | StoreUnavailable>;
  readonly load: (instanceId: InstanceId) => Effect.Effect<StoredInstance | null, StoreUnavailable>;
  /** Instances of these partitions whose actors must live: wanted, with an unfinished job, or with open commands. */
  readonly instancesToRestore: (
    partitions: readonly number[],
  ) => Effect.Effect<readonly InstanceId[], StoreUnavailable>;
  /** Open commands of an instance after `seq`, in order, at most `limit`. */
  readonly openCommands: (
    instanceId: InstanceId,
    afterSeq: number,
    limit: number,
  ) => Effect.Effect<readonly Letter[], StoreUnavailable>;
  /** Open commands of these partitions that were accepted before `before` (ms) and nobody has run: the sweeper's food. */
  readonly undelivered: (
    partitions: readonly number[],
    before: number,
    limit: number,
  ) => Effect.Effect<readonly Letter[], StoreUnavailable>;
  /**
   * Counts that a command which may have begun before begins again, and returns how often it has begun, the first time
   * included, which nobody counts. Commits by itself: it must survive the command killing us.
   */
  readonly beginAgain: (fence: Fence, letter: Letter) => Effect.Effect<number, Fenced | Contention | StoreUnavailable>;
  readonly outbox: OutboxStore;
  readonly leases: LeaseStore;
}

export interface OutboxStore {
  /** Unsent events of the instances of these partitions, in order of id. */
  readonly unsent: (
    partitions: readonly number[],
    limit: number,
  ) => Effect.Effect<readonly OutboxEvent[], StoreUnavailable>;
  readonly markSent: (ids: readonly number[], at: number) => Effect.Effect<void, StoreUnavailable>;
  /** Events of one job after `id`, whether sent or not: what a live stream missed. */
  readonly since: (
    jobId: JobId,
    afterId: number,
    limit: number,
  ) => Effect.Effect<readonly OutboxEvent[], StoreUnavailable>;
}

export interface LeaseStore {
  /** Writes or renews this node's lease for `leaseMs` by the database's clock; says what that clock shows, ms. */
  readonly renew: (nodeId: string, leaseMs: number) => Effect.Effect<number, StoreUnavailable>;
  /** How many nodes hold a lease that has not run out, by the database's clock. */
  readonly liveNodes: Effect.Effect<number, StoreUnavailable>;
  /**
   * Takes up to `limit` partitions that are free (no node, a node whose lease has run out, or this one, which does
   * not hold them any more), raising their epochs. `held` are those that it does hold.
   * Leaves out partitions with a snapshot of a machine, or of a version of it, that `versions` does not know.
   */
  readonly claim: (
    nodeId: string,
    held: readonly number[],
    limit: number,
    versions: MachineVersions,
  ) => Effect.Effect<readonly Fence[], StoreUnavailable>;
  /** Takes every partition, whoever holds it: only for a node that proved by a lock to be alone. */
  readonly claimAll: (nodeId: string) => Effect.Effect<readonly Fence[], StoreUnavailable>;
  /** Gives partitions back, if they are still ours at that epoch. */
  readonly release: (nodeId: string, fences: readonly Fence[]) => Effect.Effect<void, StoreUnavailable>;
  /**
   * Gives back what is down as this node's and not among `held`, which are what it does hold: it was put down when the
   * lease was lost, or a claim succeeded without anybody hearing of it. Epochs rise, for a step of that time may hang.
   */
  readonly disown: (nodeId: string, held: readonly number[]) => Effect.Effect<void, StoreUnavailable>;
  /** Gives back everything and ends the lease: this node is gone. */
  readonly leave: (nodeId: string) => Effect.Effect<void, StoreUnavailable>;
}

/** Takes commands in. The transaction locks the instance's row, numbers the command, and writes it. */
export interface CommandStore {
  /**
   * Refuses with 404 for an unknown instance and 429 for a full mailbox. `startSync` creates its `sync_jobs`
   * row in the same transaction, and is refused with 409 and the id of the first while a job of the same
   * instance, type and scope is active. With `claim` it also settles an instance's share in a slot of a schedule, and
   * is refused with 409 `slot_taken` when that is settled already.
   */
  readonly submit: (
    instanceId: InstanceId,
    command: Command,
    at: number,
    claim?: SlotClaim,
  ) => Effect.Effect<Letter, Refused | StoreUnavailable>;
  readonly deadLetters: (page: {
    readonly limit: number;
    readonly cursor: string | null;
  }) => Effect.Effect<
    { readonly items: readonly DeadLetterView[]; readonly cursor: string | null },
    Refused | StoreUnavailable
  >;
  /** Requeue makes a new command of a dead one. */
  readonly requeue: (deadLetterId: string, at: number) => Effect.Effect<Letter, Refused | StoreUnavailable>;
  readonly discard: (deadLetterId: string) => Effect.Effect<void, Refused | StoreUnavailable>;
}
