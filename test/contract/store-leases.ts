import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fenced } from '../../src/domain/errors.ts';
import { PARTITIONS } from '../../src/runtime/fence.ts';
import { failureOf, type StoreDriver, StoreRig } from './store-driver.ts';

const run = Effect.runPromise;
const LONG_MS = 60_000;

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
      await run(leases.renew('owner', LONG_MS));
      await run(leases.claimAll('owner'));
      expect(await run(leases.claim('other', PARTITIONS))).toEqual([]);
      await run(leases.renew('owner', -1));
      expect(await run(leases.claim('other', 10))).toHaveLength(10);
    });

    it('gives back only what is still ours at that epoch', async () => {
      const { leases } = rig.db.runtime;
      await run(leases.renew('giver', LONG_MS));
      const [fence] = await run(leases.claimAll('giver'));
      if (fence === undefined) throw new Error('Nothing was claimed');
      await run(leases.release('giver', [{ ...fence, epoch: fence.epoch - 1 }]));
      await run(leases.release('stranger', [fence]));
      await run(leases.renew('taker', LONG_MS));
      expect(await run(leases.claim('taker', PARTITIONS))).toEqual([]);
      await run(leases.release('giver', [fence]));
      expect(await run(leases.claim('taker', PARTITIONS))).toEqual([{ ...fence, epoch: fence.epoch + 1 }]);
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
