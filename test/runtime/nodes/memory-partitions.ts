import { Effect } from 'effect';
import { type Fence, PARTITIONS } from '../../../src/runtime/fence.ts';
import { KNOWN_MACHINES } from '../../../src/runtime/machine-versions.ts';
import type { LeaseStore } from '../../../src/runtime/store/lease-store.ts';

interface Partition {
  node: string | null;
  epoch: number;
  /** A step's transaction has checked its fence and is not over: nobody can take it over meanwhile. */
  locked: boolean;
}

/** The tables `nodes` and `partitions` in memory, as the contract of `LeaseStore` has them, on one clock. */
export class MemoryPartitions {
  readonly #now: () => number;
  readonly #nodes = new Map<string, number>();
  readonly #partitions = Array.from({ length: PARTITIONS }, (): Partition => ({ node: null, epoch: 0, locked: false }));
  /** How often a partition got an owner. */
  claims = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  ownerOf(partition: number): string | null {
    return this.#of(partition).node;
  }

  epochOf(partition: number): number {
    return this.#of(partition).epoch;
  }

  isCurrent({ partition, epoch }: Fence): boolean {
    return this.#of(partition).epoch === epoch;
  }

  lock(partition: number, locked: boolean): void {
    this.#of(partition).locked = locked;
  }

  readonly leases: LeaseStore = {
    renew: (nodeId, leaseMs) =>
      Effect.sync(() => {
        const wasLive = this.#lives(nodeId);
        this.#nodes.set(nodeId, this.#now() + leaseMs);
        return { databaseMs: this.#now(), wasLive };
      }),
    liveNodes: Effect.sync(() => [...this.#nodes.keys()].filter((node) => this.#lives(node)).length),
    roster: Effect.sync(() =>
      [...this.#nodes.keys()]
        .filter((node) => this.#lives(node))
        .map((nodeId) => ({ nodeId, versions: KNOWN_MACHINES, fences: this.#fencesOf(nodeId) })),
    ),
    needs: () => Effect.succeed([]),
    claim: (nodeId, held, wanted) =>
      Effect.sync(() =>
        wanted
          .filter((partition) => !this.#of(partition).locked && this.#isFree(nodeId, held, partition))
          .map((partition) => this.#give(partition, nodeId)),
      ),
    claimAll: () => Effect.succeed([]),
    release: (nodeId, fences) =>
      Effect.sync(() => {
        for (const { partition, epoch } of fences) {
          const one = this.#of(partition);
          if (one.node === nodeId && one.epoch === epoch) one.node = null;
        }
      }),
    disown: (nodeId, held) =>
      Effect.sync(() => {
        for (const [partition, one] of this.#partitions.entries()) {
          if (one.node !== nodeId || one.locked || held.includes(partition)) continue;
          one.node = null;
          one.epoch += 1;
        }
      }),
    leave: (nodeId) =>
      Effect.sync(() => {
        for (const one of this.#partitions) if (one.node === nodeId) one.node = null;
        this.#nodes.delete(nodeId);
      }),
  };

  #of(partition: number): Partition {
    const one = this.#partitions[partition];
    if (one === undefined) throw new Error(`There is no partition ${partition}`);
    return one;
  }

  #lives(node: string): boolean {
    return (this.#nodes.get(node) ?? 0) > this.#now();
  }

  #fencesOf(nodeId: string): readonly Fence[] {
    return this.#partitions.flatMap(({ node, epoch }, partition) => (node === nodeId ? [{ partition, epoch }] : []));
  }

  #isFree(nodeId: string, held: readonly number[], partition: number): boolean {
    const { node } = this.#of(partition);
    return node === null || !this.#lives(node) || (node === nodeId && !held.includes(partition));
  }

  #give(partition: number, node: string): Fence {
    const one = this.#of(partition);
    one.node = node;
    one.epoch += 1;
    this.claims += 1;
    return { partition, epoch: one.epoch };
  }
}
