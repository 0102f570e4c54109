import { Effect } from 'effect';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InstanceId, JobId } from '../../src/domain/ids.ts';
import type { InstanceState } from '../../src/domain/instance.ts';
import type { ScheduleView } from '../../src/domain/schedule.ts';
import type { DueRun } from '../../src/sync/schedules/schedules.ts';
import { spreadOf } from '../../src/sync/schedules/slot-spread.ts';
import { jobConfig, newJobId } from '../harness/job-config.ts';
import { failureOf, type StoreDriver, StoreRig } from './store-driver.ts';

const run = Effect.runPromise;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WINDOW_MS = 30 * 60_000;
const NOBODY = '00000000-0000-4000-8000-000000000000' as InstanceId;

/** The slots of schedules, and the jobs that come of them. */
export const schedulesContract = (driver: StoreDriver): void => {
  describe(`schedules on ${driver.name}`, () => {
    let rig: StoreRig;
    /** A midnight that is this test's own, and every instance of an earlier test is gone. */
    let day = Date.UTC(2031, 0, 1);
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });
    beforeEach(async () => {
      day += 10 * DAY_MS;
      for (const table of ['schedule_slots', 'settings', 'settings_history', 'instance_settings']) {
        await rig.rows(`DELETE FROM ${table}`);
      }
      await rig.rows('UPDATE omni_instances SET wanted = false');
    });

    const three = (days = 0): number => day + days * DAY_MS + 3 * HOUR_MS;
    const connected = async (state: InstanceState = 'online', wanted = true): Promise<InstanceId> => {
      const id = await rig.instance();
      await rig.rows('UPDATE omni_instances SET wanted = $2, state = $3 WHERE id = $1', [id, wanted, state]);
      return id;
    };
    const open = (now: number) => run(rig.db.schedules.open('contacts', now));
    const due = (now: number) => run(rig.db.schedules.due(now, 100));
    const claim = (share: DueRun, jobId: JobId = newJobId()) =>
      rig.db.commands.submit(
        share.instanceId,
        { type: 'startSync', jobId, config: jobConfig({ type: 'contacts' }) },
        share.slotAt,
        share,
      );
    const view = async (now: number): Promise<ScheduleView> => {
      const found = (await run(rig.db.schedules.views(now))).find(({ name }) => name === 'contacts');
      if (found === undefined) throw new Error('The schedule of contacts is not listed');
      return found;
    };

    it('open a slot once, with a share for each connected instance, due at its place within the spread', async () => {
      const ids = [await connected(), await connected('backingOff'), await connected('connecting')];
      await connected('stopped', false);
      // None of these works before a person acts.
      for (const state of ['loggedOut', 'pairing', 'error'] as const) await connected(state);
      expect(await open(three() - 1)).toMatchObject({ slotAt: three(-1) });
      expect(await open(three() + 2_000)).toEqual({ slotAt: three(), instances: 3 });
      expect(await open(three() + 2_001)).toBeNull();
      for (const id of ids) {
        const turn = three() + spreadOf(id, WINDOW_MS);
        const share = { schedule: 'contacts', slotAt: three(), instanceId: id, isConnected: true };
        expect(await due(turn - 1)).not.toContainEqual(share);
        expect(await due(turn)).toContainEqual(share);
      }
    });

    it('open a slot once, however many see it at the same time', async () => {
      await connected();
      await open(three() - 1);
      const opened = await Promise.all(Array.from({ length: 6 }, (_, n) => open(three() + n)));
      expect(opened.filter((slot) => slot !== null)).toEqual([{ slotAt: three(), instances: 1 }]);
    });

    it('make up once for what was missed, spread from now on', async () => {
      const id = await connected();
      await open(three());
      expect(await open(three(4) + 5 * HOUR_MS)).toMatchObject({ slotAt: three(4) });
      expect(await open(three(4) + 5 * HOUR_MS)).toBeNull();
      const turn = three(4) + 5 * HOUR_MS + spreadOf(id, WINDOW_MS);
      const late = (await due(turn)).filter(({ slotAt }) => slotAt === three(4));
      expect(late).toHaveLength(1);
      expect((await due(turn - 1)).filter(({ slotAt }) => slotAt === three(4))).toHaveLength(0);
    });

    it('owe nothing to an instance that was not there when the slot came', async () => {
      const id = await connected();
      await rig.rows('UPDATE omni_instances SET created_at = $2 WHERE id = $1', [
        id,
        new Date(three() + 1).toISOString(),
      ]);
      expect(await open(three() + 2)).toEqual({ slotAt: three(), instances: 0 });
    });

    it('go by the settings of the time of the slot, and by an instance’s own', async () => {
      const [own, other] = [await connected(), await connected()];
      await open(three());
      await run(rig.db.settings.put(null, { 'sync.contacts.scheduleEnabled': false }, three() + 1));
      expect(await open(three(1))).toBeNull();
      await run(rig.db.settings.put(own, { 'sync.contacts.scheduleEnabled': true }, three(1) + 1));
      // Enabled for nobody when it came: no slot, which would hide the last run.
      expect(await open(three(1) + 2)).toBeNull();
      expect(await open(three(2))).toEqual({ slotAt: three(2), instances: 1 });
      expect((await due(three(3))).at(-1)).toMatchObject({ instanceId: own, slotAt: three(2) });
      await run(rig.db.settings.put(null, { 'sync.contacts.scheduleEnabled': true }, three(2) + 1));
      await run(rig.db.settings.put(other, { 'sync.contacts.scheduleEnabled': false }, three(2) + 2));
      expect(await open(three(3))).toEqual({ slotAt: three(3), instances: 1 });
      // What came before a change is owed by what was in force then.
      await run(rig.db.settings.put(null, { 'sync.contacts.scheduleCron': '0 6 * * *' }, three(4) + 1));
      expect(await open(three(4) + 2)).toMatchObject({ slotAt: three(4) });
      expect(await open(three(4) + 3 * HOUR_MS)).toMatchObject({ slotAt: three(4) + 3 * HOUR_MS });
    });

    it('are not taken away by who disables them before a look: the shares are there, to be skipped', async () => {
      const [one, own, off] = [await connected(), await connected(), await connected()];
      await open(three());
      const put = (owner: InstanceId | null, enabled: boolean, at: number) =>
        run(rig.db.settings.put(owner, { 'sync.contacts.scheduleEnabled': enabled }, at));
      await put(off, false, three() + 1);
      await put(null, false, three(1) + 1);
      await put(own, false, three(1) + 2);
      await put(own, true, three(1) + 3);
      await put(off, true, three(1) + 3);
      expect(await open(three(1) + 4)).toEqual({ slotAt: three(1), instances: 2 });
      const shares = (await due(three(1) + WINDOW_MS)).filter(({ slotAt }) => slotAt === three(1));
      expect(new Set(shares.map(({ instanceId }) => instanceId))).toEqual(new Set([one, own]));
      for (const share of shares) await run(rig.db.schedules.skip(share, 'disabled', null, three(1) + WINDOW_MS));
      expect((await view(three(1) + WINDOW_MS)).lastRun).toMatchObject({
        outcome: 'skipped',
        skipReasons: { disabled: 2 },
      });
      // And one instance that disables it for itself before the look has its share too.
      await put(null, true, three(1) + HOUR_MS);
      await put(one, false, three(2));
      expect(await open(three(2) + 2)).toEqual({ slotAt: three(2), instances: 3 });
    });

    it('are none where they were enabled by one instance alone that has disabled them since, unless it had by then', async () => {
      const id = await connected();
      await open(three());
      const put = (owner: InstanceId | null, enabled: boolean, at: number) =>
        run(rig.db.settings.put(owner, { 'sync.contacts.scheduleEnabled': enabled }, at));
      await put(null, false, three() + 1);
      await put(id, true, three() + 2);
      await put(id, false, three(1) + 1);
      expect(await open(three(1) + 2)).toEqual({ slotAt: three(1), instances: 1 });
      expect(await open(three(2))).toBeNull();
    });

    it('make one job of a share, in the transaction that accepts its command', async () => {
      const id = await connected();
      await open(three());
      const [share] = await due(three() + WINDOW_MS);
      if (share === undefined) throw new Error('Nothing is due');
      const tries = await Promise.allSettled(Array.from({ length: 5 }, () => run(claim(share))));
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await rig.rows('SELECT 1 FROM sync_jobs WHERE instance_id = $1', [id])).toHaveLength(1);
      expect(await rig.rows('SELECT 1 FROM commands WHERE instance_id = $1', [id])).toHaveLength(1);
      expect(await failureOf(claim(share))).toMatchObject({ status: 409, code: 'slot_taken' });
      expect(await due(three() + WINDOW_MS)).toEqual([]);
      const [job] = await rig.rows<{ id: string }>('SELECT id FROM sync_jobs WHERE instance_id = $1', [id]);
      const [settled] = await rig.rows('SELECT outcome, job_id FROM schedule_runs WHERE instance_id = $1', [id]);
      expect(settled).toEqual({ outcome: 'started', job_id: job?.id });
    });

    it('leave a share due when its job was refused, until it is skipped', async () => {
      const id = await connected();
      const first = newJobId();
      await run(
        rig.db.commands.submit(id, { type: 'startSync', jobId: first, config: jobConfig({ type: 'contacts' }) }, 1),
      );
      await open(three());
      const [share] = await due(three() + WINDOW_MS);
      if (share === undefined) throw new Error('Nothing is due');
      expect(await failureOf(claim(share))).toMatchObject({ code: 'sync_active', details: { jobId: first } });
      expect(await due(three() + WINDOW_MS)).toEqual([share]);
      await run(rig.db.schedules.putOff(share, three() + 2 * WINDOW_MS));
      expect(await due(three() + WINDOW_MS)).toEqual([]);
      await run(rig.db.schedules.skip(share, 'sync_active', first, three() + WINDOW_MS));
      expect(await due(three() + 3 * WINDOW_MS)).toEqual([]);
      await run(rig.db.schedules.skip(share, 'disabled', null, three()));
      expect((await view(three())).lastRun).toMatchObject({ skipped: 1, skipReasons: { sync_active: 1 } });
      expect(await failureOf(claim(share))).toMatchObject({ code: 'slot_taken' });
    });

    it('tell of shares whose instance was disconnected or deleted since', async () => {
      const [gone, off] = [await connected(), await connected()];
      await open(three());
      await rig.rows(`UPDATE omni_instances SET wanted = false, state = 'stopped' WHERE id = $1`, [off]);
      await rig.rows('UPDATE omni_instances SET removing_at = now() WHERE id = $1', [gone]);
      const shares = await due(three() + WINDOW_MS);
      expect(shares.map(({ isConnected }) => isConnected)).toEqual([false, false]);
      await rig.rows('UPDATE omni_instances SET removing_at = NULL WHERE id = $1', [gone]);
      await run(rig.db.registry.remove(gone));
      await run(rig.db.removalsSettled);
      expect((await due(three() + WINDOW_MS)).map(({ instanceId }) => instanceId)).toEqual([off]);
    });

    it('are shown with the last run, what came of it, and the next', async () => {
      expect(await view(three() - 1)).toEqual({
        name: 'contacts',
        enabled: true,
        cron: '0 3 * * *',
        timeZone: 'UTC',
        spreadMinutes: 30,
        lastRun: null,
        nextRunAt: new Date(three()).toISOString(),
      });
      const ids = await Promise.all(Array.from({ length: 5 }, () => connected()));
      await open(three() + 1_000);
      const shares = await due(three() + WINDOW_MS);
      const jobs = new Map<InstanceId, JobId>();
      for (const share of shares.filter(({ instanceId }) => instanceId !== ids[4])) {
        const jobId = newJobId();
        jobs.set(share.instanceId, jobId);
        await run(claim(share, jobId));
      }
      for (const [index, status] of ['completed', 'failed', 'cancelled'].entries()) {
        await rig.rows('UPDATE sync_jobs SET status = $2 WHERE id = $1', [jobs.get(ids[index] ?? NOBODY), status]);
      }
      await run(rig.db.settings.put(null, { 'sync.scheduleTimeZone': 'Africa/Lagos' }, three() + 5_000));
      expect(await view(three() + 6_000)).toMatchObject({
        timeZone: 'Africa/Lagos',
        lastRun: {
          trigger: 'schedule',
          outcome: 'running',
          slotAt: new Date(three()).toISOString(),
          openedAt: new Date(three() + 1_000).toISOString(),
          instances: 5,
          due: 1,
          active: 1,
          completed: 1,
          failed: 1,
          cancelled: 1,
          skipped: 0,
          skipReasons: {},
        },
        nextRunAt: new Date(three(1) - HOUR_MS).toISOString(),
      });
    });

    it('know who may run one now, and refuse one that does not exist', async () => {
      const [on, off, waits] = [await connected(), await connected('stopped', false), await connected('pairing')];
      const named = await run(rig.db.schedules.candidates([on, off, waits]));
      expect(named).toEqual([
        { instanceId: on, isConnected: true },
        { instanceId: off, isConnected: false },
        { instanceId: waits, isConnected: false },
      ]);
      const all = await run(rig.db.schedules.candidates(null));
      expect(all.filter(({ isConnected }) => isConnected)).toEqual([{ instanceId: on, isConnected: true }]);
      expect(await failureOf(rig.db.schedules.candidates([on, NOBODY]))).toMatchObject({ status: 404 });
    });

    it('show a run by hand as the last, whatever the clock owes stays owed', async () => {
      const [on, off] = [await connected(), await connected('stopped', false)];
      await open(three() - 1);
      const slots = await Promise.all(
        [1, 2].map(() => run(rig.db.schedules.openByHand('contacts', [on, off], three()))),
      );
      expect(new Set(slots).size).toBe(2);
      const [slotAt = 0] = slots;
      const share = (instanceId: InstanceId): DueRun => ({
        schedule: 'contacts',
        slotAt,
        instanceId,
        isConnected: true,
      });
      const jobId = newJobId();
      await run(claim(share(on), jobId));
      await run(rig.db.schedules.skip(share(off), 'not_connected', null, slotAt));
      await rig.rows('DELETE FROM schedule_slots WHERE by_hand AND slot_at <> $1', [new Date(slotAt).toISOString()]);
      expect((await view(slotAt)).lastRun).toMatchObject({
        trigger: 'manual',
        outcome: 'running',
        openedAt: new Date(three()).toISOString(),
        active: 1,
        skipReasons: { not_connected: 1 },
      });
      await rig.rows(`UPDATE sync_jobs SET status = 'completed' WHERE id = $1`, [jobId]);
      expect((await view(slotAt)).lastRun).toMatchObject({ outcome: 'partial', completed: 1, skipped: 1 });
      expect(await open(three() + 2_000)).toEqual({ slotAt: three(), instances: 1 });
    });

    it('leave what a run by hand did not begin to the next look', async () => {
      const id = await connected();
      const slotAt = await run(rig.db.schedules.openByHand('contacts', [id], three() + 1));
      expect(await due(slotAt)).toEqual([]);
      expect(await due(slotAt + 10 * 60_000)).toMatchObject([{ instanceId: id, slotAt }]);
    });

    it('are forgotten in time, but for the last slot of each', async () => {
      const id = await connected();
      for (const days of [0, 1, 2]) await open(three(days));
      await run(rig.db.schedules.openByHand('contacts', [], three(3)));
      const settings = await run(rig.db.settings.of(null));
      await run(rig.db.retention.sweep(settings, three(40)));
      const kept = await rig.rows('SELECT 1 FROM schedule_slots WHERE NOT by_hand AND schedule = $1', ['contacts']);
      expect(kept).toHaveLength(1);
      expect(await rig.rows('SELECT 1 FROM schedule_runs WHERE instance_id = $1', [id])).toHaveLength(1);
      expect(await open(three(2) + 1)).toBeNull();
    });
  });
};
