import type { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { Fence } from '../fence.ts';
import type { MachineVersions } from '../machine-versions.ts';

/** Which node may write for which partitions. */
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
