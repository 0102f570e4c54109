import { ALL_PARTITIONS } from '../fence.ts';
import type { MachineVersions } from '../machine-versions.ts';
import type { SnapshotNeed } from '../store/lease-store.ts';

/** A node whose lease lives: what it can read, and what it holds. */
export interface Sharer {
  readonly nodeId: string;
  readonly versions: MachineVersions;
  readonly held: readonly number[];
}

/** What one node has to do for all to have even shares. */
export interface Moves {
  readonly take: readonly number[];
  readonly putDown: readonly number[];
}

interface Share {
  readonly nodeId: string;
  /** What it holds and keeps. */
  readonly held: Set<number>;
  /** That, and what it is about to get. */
  size: number;
}

/**
 * Every node computes the same from the same facts, and does its own part of it. What is free goes to the node with
 * the fewest of those that can read it, what only few can read first. Then each partition that could move to a node
 * which has at least two fewer does so: every move evens out, so that moves come to an end, and what nobody with
 * fewer can read stays where it is. What no node at all can read is left alone.
 */
export const movesOf = (me: string, sharers: readonly Sharer[], needs: readonly SnapshotNeed[]): Moves => {
  const needed = Map.groupBy(needs, ({ partition }) => partition);
  const canRead = ({ versions }: Sharer, partition: number): boolean =>
    (needed.get(partition) ?? []).every(({ machine, version }) => (versions.get(machine) ?? -1) >= version);
  const sorted = sharers.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  const shares = sorted.map(({ nodeId, held }): Share => ({ nodeId, held: new Set(held), size: held.length }));
  const readersOf = new Map(
    ALL_PARTITIONS.map((partition) => [
      partition,
      shares.filter((_, index) => canRead(sorted[index] as Sharer, partition)),
    ]),
  );
  const readers = (partition: number): readonly Share[] => readersOf.get(partition) ?? [];
  return {
    take: distribute(shares, readers).flatMap(({ partition, to }) => (to.nodeId === me ? [partition] : [])),
    putDown: evenOut(shares, readers).flatMap(({ partition, from }) => (from.nodeId === me ? [partition] : [])),
  };
};

type Readers = (partition: number) => readonly Share[];

const distribute = (shares: readonly Share[], readers: Readers) => {
  const free = ALL_PARTITIONS.filter((partition) => !shares.some(({ held }) => held.has(partition)));
  return free
    .toSorted((a, b) => readers(a).length - readers(b).length)
    .flatMap((partition) => {
      const to = smallest(readers(partition));
      if (to === null) return [];
      to.size += 1;
      return [{ partition, to }];
    });
};

const evenOut = (shares: readonly Share[], readers: Readers) => {
  const moves: { readonly partition: number; readonly from: Share }[] = [];
  for (let move = nextMove(shares, readers); move !== null; move = nextMove(shares, readers)) {
    move.from.held.delete(move.partition);
    move.from.size -= 1;
    move.to.size += 1;
    moves.push(move);
  }
  return moves;
};

/** From the largest share that has something which a node with at least two fewer can read. */
const nextMove = (shares: readonly Share[], readers: Readers) => {
  for (const from of shares.toSorted((a, b) => b.size - a.size)) {
    for (const partition of from.held) {
      const to = smallest(readers(partition));
      if (to !== null && to.size <= from.size - 2) return { partition, from, to };
    }
  }
  return null;
};

/** Of those that have as few, the first by name. */
const smallest = (shares: readonly Share[]): Share | null =>
  shares.reduce<Share | null>((least, share) => (least === null || share.size < least.size ? share : least), null);
