import type { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { Fence } from '../fence.ts';
import type { MachineVersions } from '../machine-versions.ts';

/** A node whose lease has not run out. */
export interface LiveNode {
  readonly nodeId: string;
  readonly versions: MachineVersions;
  readonly fences: readonly Fence[];
}

/** The newest version of a machine's snapshots in a partition. */
export interface SnapshotNeed {
  readonly partition: number;
  readonly machine: string;
  readonly version: number;
}

export interface Renewal {
  /** What the database's clock shows, ms. */
  readonly databaseMs: number;
  /** Whether the lease still lived; false for a first one, too. If not, others may have taken over meanwhile. */
  readonly wasLive: boolean;
}

/** Which node may write for which partitions. */
export interface LeaseStore {
  /** Writes or renews this node's lease for `leaseMs` by the database's clock, and what the node can read. */
  readonly renew: (
    nodeId: string,
    leaseMs: number,
    versions: MachineVersions,
  ) => Effect.Effect<Renewal, StoreUnavailable>;
  /** How many nodes hold a lease that has not run out, by the database's clock. */
  readonly liveNodes: Effect.Effect<number, StoreUnavailable>;
  /** Those nodes, with what they can read and what is down as theirs; all of one instant. */
  readonly roster: Effect.Effect<readonly LiveNode[], StoreUnavailable>;
  /** What has to be known to read the snapshots of these partitions. */
  readonly needs: (partitions: readonly number[]) => Effect.Effect<readonly SnapshotNeed[], StoreUnavailable>;
  /**
   * Takes those of `wanted` that are free (no node, a node whose lease has run out, or this one, which does
   * not hold them any more), raising their epochs. `held` are those that it does hold.
   * Leaves out partitions with a snapshot of a machine, or of a version of it, that `versions` does not know.
   */
  readonly claim: (
    nodeId: string,
    held: readonly number[],
    wanted: readonly number[],
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
