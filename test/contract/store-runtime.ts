import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fenced, Refused } from '../../src/domain/errors.ts';
import type { InstanceId, JobId } from '../../src/domain/ids.ts';
import { PARTITIONS } from '../../src/runtime/fence.ts';
import { partitionOf } from '../../src/runtime/partition.ts';
import type { StoredSnapshot } from '../../src/runtime/stored-snapshot.ts';
import { jobConfig, newJobId } from '../harness/job-config.ts';
import { defectOf, failureOf, type StoreDriver, StoreRig } from './store-driver.ts';

const snapshot: StoredSnapshot = {
  machine: 'instance',
  version: 1,
  value: 'online',
  context: { deep: [1, { a: null }] },
};
const GONE = '00000000-0000-4000-8000-000000000000' as InstanceId;
const run = Effect.runPromise;

/** Steps, fences, the outbox and restores: what the runtime relies on. */
export const runtimeStoreContract = (driver: StoreDriver): void => {
  describe(`the runtime store on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    const submit = (id: InstanceId, type: 'connect' | 'disconnect' = 'connect') =>
      rig.db.commands.submit(id, { type }, Date.now());
    const startSync = (id: InstanceId, jobId: JobId, changes: Parameters<typeof jobConfig>[0] = {}) =>
      rig.db.commands.submit(id, { type: 'startSync', jobId, config: jobConfig(changes) }, Date.now());

    describe('a step', () => {
      it('commits all its writes together, and they are there after a restore', async () => {
        const id = await rig.instance();
        await rig.step(id, async (tx) => {
          await tx.saveActor(id, 'instance', snapshot);
          await tx.saveInstance(id, {
            state: 'online',
            account: { externalId: '1', name: 'bot' },
            error: null,
            wanted: true,
          });
        });
        const stored = await run(rig.db.runtime.load(id));
        expect(stored?.actors.get('instance')).toEqual(snapshot);
        expect(stored).toMatchObject({ id, channel: 'discord', partition: partitionOf(id), lastSeq: 0, jobs: [] });
        expect(await run(rig.db.catalogue.instance(id))).toMatchObject({
          state: 'online',
          account: { externalId: '1' },
        });
      });

      it('writes nothing when its body throws, and the error is a defect', async () => {
        const id = await rig.instance();
        const bug = new Error('a bug');
        const step = rig.db.runtime.step(rig.fence(id), async (tx) => {
          await tx.saveActor(id, 'instance', snapshot);
          throw bug;
        });
        expect(await defectOf(step)).toBe(bug);
        expect((await run(rig.db.runtime.load(id)))?.actors.size).toBe(0);
      });

      it('fails with Fenced under an old epoch, and writes nothing', async () => {
        const id = await rig.instance();
        const { partition, epoch } = rig.fence(id);
        const step = rig.db.runtime.step({ partition, epoch: epoch - 1 }, async (tx) => {
          await tx.saveActor(id, 'instance', snapshot);
          await tx.accountHolder('discord', 'somebody', id);
          await tx.saveActor(id, 'rate-limit', snapshot);
        });
        expect(await failureOf(step)).toBeInstanceOf(Fenced);
        expect((await run(rig.db.runtime.load(id)))?.actors.size).toBe(0);
      });

      it('dies when a row that it writes is not there, and writes nothing of the rest', async () => {
        const id = await rig.instance();
        const step = rig.db.runtime.step(rig.fence(id), async (tx) => {
          await tx.saveActor(id, 'instance', snapshot);
          await tx.saveInstance(GONE, { state: 'online', account: null, error: null, wanted: true });
          await tx.saveActor(id, 'rate-limit', snapshot);
        });
        expect(await defectOf(step)).toMatchObject({ message: `There is no instance ${GONE}` });
        expect((await run(rig.db.runtime.load(id)))?.actors.size).toBe(0);
      });

      it('refuses a statement that comes after its end', async () => {
        const id = await rig.instance();
        const kept = await rig.step(id, async (tx) => tx);
        await expect(kept.saveActor(id, 'instance', snapshot)).rejects.toThrow('after the end of its step');
        expect((await run(rig.db.runtime.load(id)))?.actors.size).toBe(0);
      });

      it('dies of a constraint violation, which trying again would not heal', async () => {
        const id = await rig.instance();
        const { commandId, seq, command } = await run(submit(id));
        const dead = { letter: { commandId, instanceId: id, seq, command }, reason: 'x', attempts: 1, at: Number.NaN };
        await expect(
          defectOf(rig.db.runtime.step(rig.fence(id), (tx) => tx.addDeadLetter(dead))),
        ).resolves.toBeInstanceOf(Error);
      });

      it('takes NUL and half surrogates in every text, and keeps an escaped backslash', async () => {
        const id = await rig.instance();
        const context = { name: 'a\0b\ud800c', escaped: '\\u0000', pair: '😀' };
        await rig.step(id, (tx) => tx.saveActor(id, 'instance', { ...snapshot, context }));
        const stored = (await run(rig.db.runtime.load(id)))?.actors.get('instance');
        expect(stored?.context).toEqual({ name: 'ab\ufffdc', escaped: '\\u0000', pair: '😀' });
      });
    });

    describe('the outbox', () => {
      it('gives unsent events in order, and those of a job to who comes back', async () => {
        const id = await rig.instance();
        const jobId = newJobId();
        const event = (n: number) => ({ name: 'sync.progress' as const, jobId, data: { n } });
        await rig.step(id, (tx) => tx.publish(id, 'discord', [event(1), event(2)], 1_000));
        await rig.step(id, (tx) => tx.publish(id, 'discord', [event(3)], 2_000));
        const unsent = (await run(rig.db.runtime.outbox.unsent([partitionOf(id)], 1_000))).filter(
          ({ instanceId }) => instanceId === id,
        );
        expect(unsent.map(({ event: { data } }) => data.n)).toEqual([1, 2, 3]);
        expect(unsent[0]).toMatchObject({ channel: 'discord', at: 1_000 });
        const ids = unsent.map((one) => one.id);
        await run(rig.db.runtime.outbox.markSent(ids, Date.now()));
        const left = await run(rig.db.runtime.outbox.unsent([partitionOf(id)], 1_000));
        expect(left.filter(({ instanceId }) => instanceId === id)).toEqual([]);
        const missed = await run(rig.db.runtime.outbox.since(jobId, ids[0] ?? 0, 10));
        expect(missed.map(({ event: { data } }) => data.n)).toEqual([2, 3]);
      });
    });

    it('sums up what waits: open commands and unsent events of some partitions', async () => {
      const id = await rig.instance();
      const mine = [partitionOf(id)];
      const before = await run(rig.db.backlog(mine));
      await run(submit(id));
      await run(submit(id, 'disconnect'));
      await rig.step(id, (tx) =>
        tx.publish(id, 'discord', [{ name: 'instance.state', jobId: null, data: { state: 'online' } }], Date.now()),
      );
      const after = await run(rig.db.backlog(mine));
      expect(after.openCommands - before.openCommands).toBe(2);
      expect(after.unsentEvents - before.unsentEvents).toBe(1);
      expect(await run(rig.db.backlog([]))).toMatchObject({ openCommands: 0, unsentEvents: 0 });
    });

    describe('restoring', () => {
      it('brings back who is wanted, has a job, has commands or is parked, and nobody else', async () => {
        const [idle, wanted, working, asked, parked] = [
          await rig.instance(),
          await rig.instance(),
          await rig.instance(),
          await rig.instance(),
          await rig.instance(),
        ];
        const state = { state: 'online', account: null, error: null, wanted: true } as const;
        await rig.step(wanted, (tx) => tx.saveInstance(wanted, state));
        await rig.step(parked, (tx) => tx.parkInstance(parked, { code: 'snapshot_unusable', message: '', at: 1 }));
        const letter = await run(startSync(working, newJobId()));
        await rig.step(working, (tx) => tx.finishCommand(working, letter));
        await run(submit(asked));
        const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
        const restored = await run(rig.db.runtime.instancesToRestore(all));
        expect(restored).toEqual(expect.arrayContaining([wanted, working, asked, parked]));
        expect(restored).not.toContain(idle);
        expect(await run(rig.db.runtime.instancesToRestore([]))).toEqual([]);
      });

      it('reads what a row shows, of which parking touches state and error alone', async () => {
        const id = await rig.instance();
        const record = {
          state: 'online',
          account: { externalId: `account-${id}`, name: 'bot' },
          error: null,
          wanted: true,
        } as const;
        await rig.step(id, (tx) => tx.saveInstance(id, record));
        expect((await run(rig.db.runtime.load(id)))?.record).toEqual(record);
        const error = { code: 'snapshot_unusable', message: 'why', at: 1 };
        await rig.step(id, (tx) => tx.parkInstance(id, error));
        expect((await run(rig.db.runtime.load(id)))?.record).toEqual({ ...record, state: 'error', error });
      });

      it('tells which other instance holds an account', async () => {
        const [first, second] = [await rig.instance(), await rig.instance()];
        const account = { externalId: `account-${first}`, name: null };
        await rig.step(first, (tx) => tx.saveInstance(first, { state: 'online', account, error: null, wanted: true }));
        const holder = (asking: InstanceId) =>
          rig.step(asking, (tx) => tx.accountHolder('discord', account.externalId, asking));
        expect(await holder(second)).toBe(first);
        expect(await holder(first)).toBeNull();
      });
    });

    it('refuses what the domain does not know with Refused, never with a bare error', async () => {
      expect(await failureOf(rig.db.catalogue.job(await rig.instance(), newJobId()))).toBeInstanceOf(Refused);
    });
  });
};
