import { Effect, type Scope } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import { ALL_PARTITIONS } from '../fence.ts';
import type { MachineVersions } from '../machine-versions.ts';
import { startPerpetual } from '../perpetual.ts';
import type { LeaseStore, LiveNode } from '../store/lease-store.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import { movesOf, type Sharer } from './even-shares.ts';
import type { Lease } from './lease.ts';
import type { OwnedPartitions } from './owned-partitions.ts';

/** How soon a partition that becomes free finds a new owner, and a node that joins gets its share. */
const BALANCE_EVERY_MS = 1_000;

export interface SharingSetting<Tx extends StepTransaction> {
  readonly leases: LeaseStore;
  readonly nodeId: string;
  readonly versions: MachineVersions;
  readonly lease: Lease;
  readonly owned: Pick<OwnedPartitions<Tx>, 'numbers' | 'fences' | 'take' | 'putDown' | 'abandon'>;
  readonly log: Log;
}

/**
 * Keeps this node at its even share until the scope closes: takes what is free where it has the fewest, and puts down
 * what others that can read it have too few of, drained first, so that a node that joined finds it free.
 */
export const startSharing = <Tx extends StepTransaction>(
  setting: SharingSetting<Tx>,
): Effect.Effect<void, never, Scope.Scope> => {
  const { lease, log } = setting;
  const round = Effect.suspend(() => (lease.isTrusted() ? balance(setting) : Effect.void));
  return startPerpetual('sharing partitions', BALANCE_EVERY_MS, round, log);
};

const balance = <Tx extends StepTransaction>(setting: SharingSetting<Tx>): Effect.Effect<void, StoreUnavailable> =>
  Effect.gen(function* () {
    const { leases, nodeId, versions, owned, log } = setting;
    const roster = yield* leases.roster;
    yield* abandonLost(setting, roster);
    const sharers = roster.map(
      (node): Sharer => ({
        nodeId: node.nodeId,
        versions: node.versions,
        // Of ours what we do hold: what is down as ours besides is as good as free.
        held: node.nodeId === nodeId ? owned.numbers : node.fences.map(({ partition }) => partition),
      }),
    );
    const needs = yield* leases.needs(inQuestion(sharers, versions));
    const { take, putDown } = movesOf(nodeId, sharers, needs);
    if (take.length > 0) yield* owned.take(yield* leases.claim(nodeId, owned.numbers, take, versions));
    if (putDown.length > 0) {
      const fences = yield* owned.putDown(putDown);
      yield* leases.release(nodeId, fences);
      log.info({ partitions: fences.length }, 'Partitions put down for a node that has fewer.');
    }
    // What was lost with the lease may be more than the share is now: nobody else could take it while this node lives.
    yield* leases.disown(nodeId, owned.numbers);
  });

/**
 * What is ours in memory and not in the table was taken over while we did not notice: a commit would find that out, and
 * an instance that has nothing to commit would stay connected beside its new owner.
 */
const abandonLost = <Tx extends StepTransaction>(
  { nodeId, owned, log }: SharingSetting<Tx>,
  roster: readonly LiveNode[],
): Effect.Effect<void> => {
  const epochs = new Map(
    roster.find((node) => node.nodeId === nodeId)?.fences.map(({ partition, epoch }) => [partition, epoch]),
  );
  const lost = owned.fences.filter(({ partition, epoch }) => epochs.get(partition) !== epoch);
  if (lost.length === 0) return Effect.void;
  log.error({ nodeId, partitions: lost.length }, 'Partitions were taken over unnoticed: what runs there stops.');
  return owned.abandon(lost.map(({ partition }) => partition));
};

/** Of which partitions it matters who can read them: as long as all nodes know the same, of the free ones only. */
const inQuestion = (sharers: readonly Sharer[], versions: MachineVersions): readonly number[] => {
  if (sharers.some((sharer) => !isSame(sharer.versions, versions))) return ALL_PARTITIONS;
  const held = new Set(sharers.flatMap((sharer) => sharer.held));
  return ALL_PARTITIONS.filter((partition) => !held.has(partition));
};

const isSame = (one: MachineVersions, other: MachineVersions): boolean =>
  one.size === other.size && [...one].every(([machine, version]) => other.get(machine) === version);
