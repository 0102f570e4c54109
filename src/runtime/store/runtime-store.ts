import type { Effect } from 'effect';
import type { Letter } from '../../domain/command.ts';
import type { Contention, Fenced, StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Fence } from '../fence.ts';
import type { LeaseStore } from './lease-store.ts';
import type { OutboxStore } from './outbox-store.ts';
import type { RemovalStore } from './removal-store.ts';
import type { StepTransaction } from './step-transaction.ts';
import type { StoredInstance } from './stored-instance.ts';

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
  /**
   * Instances of these partitions whose actors must live: wanted, with an unfinished job, or with open commands; and
   * those that were parked.
   */
  readonly instancesToRestore: (
    partitions: readonly number[],
  ) => Effect.Effect<readonly InstanceId[], StoreUnavailable>;
  /** Open commands of an instance after `seq`, in order, at most `limit`. */
  readonly openCommands: (
    instanceId: InstanceId,
    afterSeq: number,
    limit: number,
  ) => Effect.Effect<readonly Letter[], StoreUnavailable>;
  /**
   * Open commands of these partitions that were accepted before `before` (ms) and nobody has run: the sweeper's food.
   * One of each instance, in the order of instances, of those after `after`.
   */
  readonly undelivered: (
    partitions: readonly number[],
    before: number,
    limit: number,
    after: InstanceId | null,
  ) => Effect.Effect<readonly Letter[], StoreUnavailable>;
  /**
   * Counts that a command which may have begun before begins again, and returns how often it has begun, the first time
   * included, which nobody counts. Commits by itself: it must survive the command killing us.
   */
  readonly beginAgain: (fence: Fence, letter: Letter) => Effect.Effect<number, Fenced | Contention | StoreUnavailable>;
  readonly outbox: OutboxStore;
  readonly removals: RemovalStore;
  readonly leases: LeaseStore;
}
