import { setImmediate } from 'node:timers/promises';
import { Clock, Effect, Exit, Scope } from 'effect';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/domain/log.ts';
import { ALL_PARTITIONS, type Fence } from '../../../src/runtime/fence.ts';
import { startSharing } from '../../../src/runtime/node/sharing.ts';
import type { LeaseStore } from '../../../src/runtime/store/lease-store.ts';
import { StoreRig } from '../../contract/store-driver.ts';
import { pgliteDriver } from '../../db/pglite-driver.ts';
import { SimulatedClock } from '../../simulated-clock.ts';

const driver = pgliteDriver();
const LONG_MS = 3_600_000;
const QUIET_TURNS = 8;

describe('nodes that share partitions', () => {
  let store: StoreRig;
  let clock: SimulatedClock;
  let pending = 0;
  const nodes: SharingNode[] = [];

  beforeAll(async () => {
    store = await StoreRig.open(driver);
    for (const partition of ALL_PARTITIONS) {
      await store.rows(
        `INSERT INTO omni_instances (name, channel, partition) VALUES ('of ' || $1::smallint, 'discord', $1)`,
        [partition],
      );
    }
  });
  beforeEach(async () => {
    clock = new SimulatedClock();
    await store.rows('UPDATE partitions SET node_id = NULL');
    await store.rows('DELETE FROM actor_snapshots');
  });
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
  });
  afterAll(async () => {
    await store?.close();
    await driver.dispose();
  });

  const counted = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      pending += 1;
      return Effect.ensuring(
        effect,
        Effect.sync(() => void pending--),
      );
    });
  const settled = async (): Promise<void> => {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await setImmediate();
      if (pending > 0) quiet = 0;
    }
  };
  const rounds = (count: number): Promise<void> => clock.advance(count * 1_000, settled);

  /** The real loop on the real table, over instances that are nothing but a snapshot of the node's own version. */
  class SharingNode {
    readonly held = new Map<number, Fence>();
    /** How often a partition was taken or put down. */
    moves = 0;
    readonly #name: string;
    readonly #version: number;
    readonly #scope = Scope.makeUnsafe();

    constructor(name: string, version: number) {
      this.#name = name;
      this.#version = version;
    }

    async start(): Promise<void> {
      const { leases } = store.db.runtime;
      const versions = new Map([['instance', this.#version]]);
      await Effect.runPromise(leases.renew(this.#name, LONG_MS, versions));
      const seen: LeaseStore = {
        ...leases,
        roster: counted(leases.roster),
        needs: (partitions) => counted(leases.needs(partitions)),
        claim: (...claim) => counted(leases.claim(...claim)),
        release: (...release) => counted(leases.release(...release)),
        disown: (...disown) => counted(leases.disown(...disown)),
      };
      const numbers = () => [...this.held.keys()];
      const fences = () => [...this.held.values()];
      const sharing = startSharing({
        leases: seen,
        nodeId: this.#name,
        versions,
        lease: { isTrusted: () => true },
        owned: {
          get numbers() {
            return numbers();
          },
          get fences() {
            return fences();
          },
          abandon: (partitions) => Effect.sync(() => void this.#putDown(partitions)),
          take: (fences) => counted(Effect.promise(() => this.#take(fences))),
          putDown: (partitions) => Effect.sync(() => this.#putDown(partitions)),
        },
        log: silentLog,
      });
      await Effect.runPromise(Scope.provide(Effect.provideService(sharing, Clock.Clock, clock), this.#scope));
      nodes.push(this);
    }

    async #take(fences: readonly Fence[]): Promise<void> {
      for (const fence of fences) this.held.set(fence.partition, fence);
      this.moves += fences.length;
      await store.rows(
        `INSERT INTO actor_snapshots (instance_id, actor_id, machine, version, value, context)
         SELECT id, 'instance', 'instance', $2, '"stopped"', '{}' FROM omni_instances WHERE partition = ANY ($1::smallint[])
         ON CONFLICT (instance_id, actor_id) DO UPDATE SET version = excluded.version`,
        [fences.map(({ partition }) => partition), this.#version],
      );
    }

    #putDown(partitions: readonly number[]): readonly Fence[] {
      const fences = partitions.flatMap((partition) => this.held.get(partition) ?? []);
      for (const { partition } of fences) this.held.delete(partition);
      this.moves += fences.length;
      return fences;
    }

    async stop(): Promise<void> {
      await Effect.runPromise(Scope.close(this.#scope, Exit.void));
      await Effect.runPromise(store.db.runtime.leases.leave(this.#name));
    }
  }

  const join = async (name: string, version: number): Promise<SharingNode> => {
    const node = new SharingNode(name, version);
    await node.start();
    return node;
  };
  const leave = async (node: SharingNode): Promise<void> => {
    nodes.splice(nodes.indexOf(node), 1);
    await node.stop();
  };
  const sizes = (): readonly number[] => nodes.map(({ held }) => held.size);
  const free = async (): Promise<number> => (await store.rows('SELECT 1 FROM partitions WHERE node_id IS NULL')).length;
  const moves = (): number => nodes.reduce((sum, node) => sum + node.moves, 0);

  it('have even shares two rounds after one has joined or left, and then nothing moves', async () => {
    const first = await join('a', 1);
    await rounds(1);
    expect(sizes()).toEqual([64]);
    await join('b', 1);
    await join('c', 1);
    await rounds(3);
    expect(sizes().toSorted()).toEqual([21, 21, 22]);
    await leave(first);
    await rounds(2);
    expect(sizes()).toEqual([32, 32]);
    const before = moves();
    await rounds(20);
    expect(moves()).toBe(before);
  });

  it('abandon what another one has taken over without their noticing', async () => {
    const sleeper = await join('a', 1);
    await rounds(1);
    await join('b', 1);
    await rounds(3);
    const stolen = [...sleeper.held.keys()].slice(0, 3);
    await store.rows("UPDATE partitions SET node_id = 'c', epoch = epoch + 1 WHERE partition = ANY ($1::smallint[])", [
      stolen,
    ]);
    await Effect.runPromise(store.db.runtime.leases.renew('c', LONG_MS, new Map()));
    await rounds(2);
    expect(stolen.filter((partition) => sleeper.held.has(partition))).toEqual([]);
    await Effect.runPromise(store.db.runtime.leases.leave('c'));
  });

  it('leave nothing to nobody while one of them runs an older build, and nothing moves meanwhile', async () => {
    const upgraded = await join('a', 2);
    await join('b', 2);
    await join('c', 2);
    await rounds(3);
    await leave(upgraded);
    const older = await join('a again', 1);
    await rounds(3);
    expect(await free()).toBe(0);
    expect(sizes()).toEqual([32, 32, 0]);
    const before = moves();
    await rounds(20);
    expect(moves()).toBe(before);

    // Upgraded after all: it gets its part.
    await leave(older);
    await join('a at last', 2);
    await rounds(3);
    expect(sizes().toSorted()).toEqual([21, 21, 22]);
    expect(await free()).toBe(0);
  });
});
