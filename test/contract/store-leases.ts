import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fenced } from '../../src/domain/errors.ts';
import { ALL_PARTITIONS, PARTITIONS } from '../../src/runtime/fence.ts';
import { KNOWN_MACHINES } from '../../src/runtime/machine-versions.ts';
import { partitionOf } from '../../src/runtime/partition.ts';
import { failureOf, type StoreDriver, StoreRig } from './store-driver.ts';

const run = Effect.runPromise;
const LONG_MS = 60_000;
const VERSIONS = new Map([['instance', 1]]);

/** Who owns which partition. The suite has the database to itself, since partitions are few. */
export const leaseContract = (driver: StoreDriver): void => {
  describe(`the leases on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    it('takes all partitions over from a node that is known to be gone, raising every epoch', async () => {
      const before = await run(rig.db.runtime.leases.claimAll('first'));
      const after = await run(rig.db.runtime.leases.claimAll('second'));
      expect(after).toHaveLength(PARTITIONS);
      const epochs = new Map(before.map(({ partition, epoch }) => [partition, epoch]));
      for (const { partition, epoch } of after) expect(epoch).toBe((epochs.get(partition) ?? 0) + 1);
    });

    it('leaves partitions alone while the lease of their node runs, and frees them when it has run out', async () => {
      const { leases } = rig.db.runtime;
      await run(leases.renew('owner', LONG_MS, VERSIONS));
      await run(leases.claimAll('owner'));
      expect(await run(leases.claim('other', [], ALL_PARTITIONS, VERSIONS))).toEqual([]);
      await run(leases.renew('owner', -1, VERSIONS));
      expect(await run(leases.claim('other', [], ALL_PARTITIONS.slice(0, 10), VERSIONS))).toHaveLength(10);
    });

    it('counts the partitions that no living node owns', async () => {
      const { leases } = rig.db.runtime;
      await run(leases.claimAll('mortal'));
      await run(leases.renew('mortal', LONG_MS, VERSIONS));
      expect((await run(rig.db.backlog([]))).unowned).toBe(0);
      await run(leases.renew('mortal', -1, VERSIONS));
      expect((await run(rig.db.backlog([]))).unowned).toBe(PARTITIONS);
    });

    it('says at a renewal whether the lease still lived', async () => {
      const { leases } = rig.db.runtime;
      const before = Date.now();
      expect((await run(leases.renew('sleeper', LONG_MS, VERSIONS))).wasLive).toBe(false);
      expect((await run(leases.renew('sleeper', -1, VERSIONS))).wasLive).toBe(true);
      const { wasLive, databaseMs } = await run(leases.renew('sleeper', -1, VERSIONS));
      expect(wasLive).toBe(false);
      expect(databaseMs).toBeGreaterThanOrEqual(before);
    });

    it('gives back only what is still ours at that epoch', async () => {
      const { leases } = rig.db.runtime;
      await run(leases.renew('giver', LONG_MS, VERSIONS));
      const [fence] = await run(leases.claimAll('giver'));
      if (fence === undefined) throw new Error('Nothing was claimed');
      await run(leases.release('giver', [{ ...fence, epoch: fence.epoch - 1 }]));
      await run(leases.release('stranger', [fence]));
      await run(leases.renew('taker', LONG_MS, VERSIONS));
      expect(await run(leases.claim('taker', [], ALL_PARTITIONS, VERSIONS))).toEqual([]);
      await run(leases.release('giver', [fence]));
      expect(await run(leases.claim('taker', [], ALL_PARTITIONS, VERSIONS))).toEqual([
        { ...fence, epoch: fence.epoch + 1 },
      ]);
    });

    it('gives back what is down as ours and not held, and fences it', async () => {
      const { leases } = rig.db.runtime;
      await run(leases.renew('forgetful', LONG_MS, VERSIONS));
      const [held, forgotten] = await run(leases.claimAll('forgetful'));
      if (held === undefined || forgotten === undefined) throw new Error('Nothing was claimed');
      await run(leases.disown('stranger', []));
      await run(leases.disown('forgetful', [held.partition]));
      expect(await run(rig.db.runtime.step(held, async () => 'written'))).toBe('written');
      expect(await failureOf(rig.db.runtime.step(forgotten, async () => 'written'))).toBeInstanceOf(Fenced);
      await run(leases.renew('finder', LONG_MS, VERSIONS));
      const found = await run(leases.claim('finder', [], ALL_PARTITIONS, VERSIONS));
      expect(found.map(({ partition }) => partition)).not.toContain(held.partition);
      expect(found).toContainEqual({ ...forgotten, epoch: forgotten.epoch + 2 });
    });

    it('counts the nodes whose lease runs, and forgets one that leaves, its partitions included', async () => {
      const { leases } = rig.db.runtime;
      const before = await run(leases.liveNodes);
      await run(leases.renew('guest', LONG_MS, VERSIONS));
      expect(await run(leases.liveNodes)).toBe(before + 1);
      await run(leases.claimAll('guest'));
      await run(leases.leave('guest'));
      expect(await run(leases.liveNodes)).toBe(before);
      await run(leases.renew('heir', LONG_MS, VERSIONS));
      expect(await run(leases.claim('heir', [], ALL_PARTITIONS, KNOWN_MACHINES))).toHaveLength(PARTITIONS);
    });

    it('leaves a partition with a snapshot of a newer build to a node that can read it', async () => {
      const { leases } = rig.db.runtime;
      const id = await rig.instance();
      const fence = (await run(leases.claimAll('newer'))).find(({ partition }) => partition === partitionOf(id));
      if (fence === undefined) throw new Error('The partition was not claimed');
      const newer = { machine: 'instance', version: 99, value: 'stopped', context: {} };
      await run(rig.db.runtime.step(fence, (tx) => tx.saveActor(id, 'instance', newer)));
      await run(leases.leave('newer'));
      await run(leases.renew('older', LONG_MS, VERSIONS));
      const claimed = await run(leases.claim('older', [], ALL_PARTITIONS, KNOWN_MACHINES));
      expect(claimed.map(({ partition }) => partition)).not.toContain(partitionOf(id));
      expect(claimed).toHaveLength(PARTITIONS - 1);
      expect(await run(leases.claim('newer', [], ALL_PARTITIONS, new Map([['instance', 99]])))).toHaveLength(1);
    });

    it('tells which nodes live, what they can read and hold, and what has to be known to read partitions', async () => {
      const { leases } = rig.db.runtime;
      await run(leases.renew('teller', LONG_MS, new Map([['instance', 7]])));
      const held = await run(leases.claimAll('teller'));
      const told = (await run(leases.roster)).find(({ nodeId }) => nodeId === 'teller');
      expect(told?.versions).toEqual(new Map([['instance', 7]]));
      expect(told?.fences).toEqual(held.toSorted((a, b) => a.partition - b.partition));
      await run(leases.renew('teller', -1, VERSIONS));
      expect((await run(leases.roster)).map(({ nodeId }) => nodeId)).not.toContain('teller');

      const id = await rig.instance();
      const partition = partitionOf(id);
      const fence = held.find((one) => one.partition === partition);
      if (fence === undefined) throw new Error('The partition was not claimed');
      const snapshot = { machine: 'needed', version: 3, value: 'stopped', context: {} };
      await run(rig.db.runtime.step(fence, (tx) => tx.saveActor(id, 'instance', snapshot)));
      await run(rig.db.runtime.step(fence, (tx) => tx.saveActor(id, 'rate-limit', { ...snapshot, version: 4 })));
      expect(await run(leases.needs([partition]))).toContainEqual({ partition, machine: 'needed', version: 4 });
      expect(await run(leases.needs([]))).toEqual([]);
    });

    it('removes the rows of an instance when its owner has let go of it, and not before', async () => {
      const { leases, removals } = rig.db.runtime;
      const id = await rig.instance();
      const held = async () => (await rig.rows('SELECT 1 FROM omni_instances WHERE id = $1', [id])).length === 1;
      const former = await run(leases.claimAll('owner'));
      await run(leases.renew('owner', LONG_MS, VERSIONS));
      const fences = await run(leases.claimAll('owner'));
      await run(rig.db.registry.remove(id));
      const settled = run(rig.db.removalsSettled);
      expect(await run(removals.toLetGo([partitionOf(id)], []))).toEqual([id]);
      await run(removals.letGo(former, [id]));
      expect(await run(removals.toLetGo([partitionOf(id)], []))).toEqual([id]);
      expect(await held()).toBe(true);
      await run(removals.letGo(fences, [id]));
      expect(await run(removals.toLetGo([partitionOf(id)], []))).toEqual([]);
      await settled;
      expect(await held()).toBe(false);
      expect(await run(removals.toLetGo([], [id]))).toEqual([id]);
      await run(leases.leave('owner'));
    });

    it('removes the rows of an instance whose owner does not say that it has let go, after a while', async () => {
      const { leases } = rig.db.runtime;
      const id = await rig.instance();
      await run(leases.renew('silent', LONG_MS, VERSIONS));
      await run(leases.claimAll('silent'));
      await run(rig.db.registry.remove(id));
      await rig.rows(`UPDATE omni_instances SET removing_at = now() - interval '61 seconds' WHERE id = $1`, [id]);
      await run(rig.db.removalsSettled);
      expect(await rig.rows('SELECT 1 FROM omni_instances WHERE id = $1', [id])).toEqual([]);
      await run(leases.leave('silent'));
    });

    it('shuts the former owner out at once', async () => {
      const { leases } = rig.db.runtime;
      const [old] = await run(leases.claimAll('former'));
      await run(leases.claimAll('present'));
      if (old === undefined) throw new Error('Nothing was claimed');
      expect(await failureOf(rig.db.runtime.step(old, async () => 'written'))).toBeInstanceOf(Fenced);
    });
  });
};
