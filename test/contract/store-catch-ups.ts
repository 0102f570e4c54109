import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAILBOX_LIMIT } from '../../src/domain/command.ts';
import { ExternalId, type InstanceId } from '../../src/domain/ids.ts';
import { type JobConfig, type JobStatus, type PartProgress, progressOf } from '../../src/domain/job.ts';
import type { SyncTransaction } from '../../src/sync/store.ts';
import { jobConfig, newJobId } from '../harness/job-config.ts';
import { defectOf, failureOf, type StoreDriver, StoreRig } from './store-driver.ts';

const run = Effect.runPromise;

/** Commands that an instance asks of itself, and what it remembers of the syncs that it began so. */
export const catchUpContract = (driver: StoreDriver): void => {
  describe(`catch-ups on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    /** What a step does that has its instance catch up. */
    const begin = async (tx: SyncTransaction, id: InstanceId, continuity: string, config: Partial<JobConfig> = {}) => {
      const jobId = newJobId();
      await tx.saveCatchUp(id, { continuity, begunAt: 2_000, since: 1_000, jobId });
      return tx.acceptOwn(id, { type: 'startSync', jobId, config: jobConfig(config) }, 2_000);
    };
    const lock = (id: InstanceId) => rig.step(id, (tx) => tx.lockCatchUp(id));
    const submit = (id: InstanceId, config: Partial<JobConfig> = {}) =>
      rig.db.commands.submit(id, { type: 'startSync', jobId: newJobId(), config: jobConfig(config) }, 1);

    it('commit with the step, command, job and all, and are found by who reads what is open', async () => {
      const id = await rig.instance();
      expect(await lock(id)).toEqual({ isBusy: false, last: null });
      const letter = await rig.step(id, (tx) => begin(tx, id, 'first'));
      expect(await run(rig.db.runtime.openCommands(id, 0, 10))).toEqual([letter]);
      const last = { continuity: 'first', begunAt: 2_000, since: 1_000, hasReadMessages: false };
      expect(await lock(id)).toMatchObject({ isBusy: true, last });
      await rig.rows(`UPDATE sync_jobs SET status = 'completed' WHERE instance_id = $1`, [id]);
      expect(await lock(id)).toMatchObject({ isBusy: false, last: { ...last, hasReadMessages: true } });
      await rig.step(id, (tx) => begin(tx, id, 'second'));
      expect(await lock(id)).toMatchObject({ last: { continuity: 'second', hasReadMessages: false } });
    });

    it('have read their messages where the job completed, unless that very part of it failed', async () => {
      const id = await rig.instance();
      await rig.step(id, (tx) => begin(tx, id, 'first', { type: 'all' }));
      const readAfter = async (status: JobStatus, progress: object): Promise<boolean | undefined> => {
        const values = [id, status, JSON.stringify(progress)];
        await rig.rows('UPDATE sync_jobs SET status = $2, progress = $3::jsonb WHERE instance_id = $1', values);
        return (await lock(id))?.last?.hasReadMessages;
      };
      const parts = (contacts: PartProgress['status'], messages: PartProgress['status']) => {
        const [first, second, third] = progressOf('all').parts;
        return { parts: [{ ...first, status: contacts }, second, { ...third, status: messages }] };
      };
      expect(await readAfter('completed', parts('completed', 'completed'))).toBe(true);
      expect(await readAfter('completed', parts('failed', 'completed'))).toBe(true);
      expect(await readAfter('completed', parts('completed', 'incomplete'))).toBe(true);
      expect(await readAfter('completed', parts('completed', 'failed'))).toBe(false);
      expect(await readAfter('failed', parts('failed', 'completed'))).toBe(false);
      // A job of an earlier version knew no parts: it was for messages only.
      expect(await readAfter('completed', { parts: [] })).toBe(true);
    });

    it('leave nothing where the step does not commit', async () => {
      const id = await rig.instance();
      const broken = rig.db.runtime.step(rig.fence(id), async (tx) => {
        await begin(tx, id, 'first');
        throw new Error('it breaks');
      });
      expect(await defectOf(broken)).toMatchObject({ message: 'it breaks' });
      expect(await lock(id)).toEqual({ isBusy: false, last: null });
      expect(await run(rig.db.runtime.openCommands(id, 0, 10))).toEqual([]);
      // No number is lost either: the next command is the first.
      expect((await run(submit(id))).seq).toBe(1);
      const fenced = { ...rig.fence(id), epoch: rig.fence(id).epoch - 1 };
      expect(await failureOf(rig.db.runtime.step(fenced, (tx) => begin(tx, id, 'x')))).toMatchObject({
        _tag: 'Fenced',
      });
    });

    it('know of jobs that work on all messages, and of no others', async () => {
      const id = await rig.instance();
      await run(submit(id, { type: 'contacts' }));
      await run(submit(id, { type: 'groups' }));
      await run(submit(id, { channelId: ExternalId.make('one channel') }));
      expect(await lock(id)).toMatchObject({ isBusy: false });
      await run(submit(id, { type: 'all' }));
      expect(await lock(id)).toMatchObject({ isBusy: true });
    });

    it('find room in a full mailbox, in which others find none', async () => {
      const id = await rig.instance();
      for (let n = 0; n < MAILBOX_LIMIT; n++) await run(rig.db.commands.submit(id, { type: 'connect' }, 1));
      expect(await failureOf(submit(id))).toMatchObject({ code: 'mailbox_full' });
      expect((await rig.step(id, (tx) => begin(tx, id, 'first'))).seq).toBe(MAILBOX_LIMIT + 1);
    });

    it('let no other command between the look and the job, and lose no number', async () => {
      const id = await rig.instance();
      const own = rig.step(id, async (tx) => {
        const known = await tx.lockCatchUp(id);
        return known === null || known.isBusy ? null : begin(tx, id, 'first');
      });
      const others = Array.from({ length: 5 }, () => run(submit(id)).catch(({ code }: { code: string }) => code));
      const [letter, ...answers] = await Promise.all([own, ...others]);
      const jobs = await rig.rows('SELECT 1 FROM sync_jobs WHERE instance_id = $1', [id]);
      expect(jobs).toHaveLength(1);
      const begun = [letter, ...answers].filter((answer) => answer !== null && typeof answer === 'object');
      expect(begun).toHaveLength(1);
      expect(begun[0]).toMatchObject({ seq: 1 });
    });

    it('are none of an instance that is being removed, and go with it', async () => {
      const id = await rig.instance();
      await rig.step(id, (tx) => begin(tx, id, 'first'));
      await rig.rows('UPDATE omni_instances SET removing_at = now() WHERE id = $1', [id]);
      expect(await lock(id)).toBeNull();
      await rig.rows('UPDATE omni_instances SET removing_at = NULL WHERE id = $1', [id]);
      await run(rig.db.registry.remove(id));
      await run(rig.db.removalsSettled);
      expect(await rig.rows('SELECT 1 FROM catch_ups WHERE instance_id = $1', [id])).toEqual([]);
    });
  });
};
