import { Effect, type Scope } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import { PARTITIONS } from '../fence.ts';
import type { MachineVersions } from '../machine-versions.ts';
import { startPerpetual } from '../perpetual.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { Lease } from './lease.ts';
import type { OwnedPartitions } from './owned-partitions.ts';

/** How soon a partition that becomes free finds a new owner, and a node that joins gets its share. */
const BALANCE_EVERY_MS = 1_000;

/** An even share of all partitions, rounded up. */
export const fairShare = (liveNodes: number): number => Math.ceil(PARTITIONS / Math.max(1, liveNodes));

export interface SharingSetting<Tx extends StepTransaction> {
  readonly leases: LeaseStore;
  readonly nodeId: string;
  readonly versions: MachineVersions;
  readonly lease: Lease;
  readonly owned: OwnedPartitions<Tx>;
  readonly log: Log;
}

/**
 * Keeps this node at its fair share until the scope closes: takes what is free while it has less, and puts down
 * what is more, drained first, so that a node that joined finds it free.
 */
export const startSharing = <Tx extends StepTransaction>(
  setting: SharingSetting<Tx>,
): Effect.Effect<void, never, Scope.Scope> => {
  const { lease, log } = setting;
  const round = Effect.suspend(() => (lease.isTrusted() ? balance(setting) : Effect.void));
  return startPerpetual('sharing partitions', BALANCE_EVERY_MS, round, log);
};

const balance = <Tx extends StepTransaction>({
  leases,
  nodeId,
  versions,
  owned,
  log,
}: SharingSetting<Tx>): Effect.Effect<void, StoreUnavailable> =>
  Effect.gen(function* () {
    const share = fairShare(yield* leases.liveNodes);
    const surplus = owned.numbers.length - share;
    if (surplus > 0) {
      const fences = yield* owned.putDown(surplus);
      yield* leases.release(nodeId, fences);
      log.info({ partitions: fences.length }, 'Partitions put down for a node that has fewer.');
    } else if (surplus < 0) {
      yield* owned.take(yield* leases.claim(nodeId, owned.numbers, -surplus, versions));
    }
    // What was lost with the lease may be more than the share is now: nobody else could take it while this node lives.
    yield* leases.disown(nodeId, owned.numbers);
  });
