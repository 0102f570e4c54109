import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Letter, MAILBOX_LIMIT } from '../../src/domain/command.ts';
import { Fenced } from '../../src/domain/errors.ts';
import type { InstanceId, JobId } from '../../src/domain/ids.ts';
import { NO_PROGRESS } from '../../src/domain/job.ts';
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
const run = Effect.runPromise;

/** Mailboxes in the table, their numbers and limits, the jobs that commands start, and dead letters. */
export const commandStoreContract = (driver: StoreDriver): void => {
  describe(`commands on ${driver.name}`, () => {
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

    describe('a mailbox', () => {
      it('numbers the commands of an instance from one, without a gap, whoever sends at the same time', async () => {
        const id = await rig.instance();
        const letters = await run(
          Effect.all(
            Array.from({ length: 20 }, () => submit(id)),
            { concurrency: 'unbounded' },
          ),
        );
        expect(letters.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 20 }, (_, i) => i + 1),
        );
        const open = await run(rig.db.runtime.openCommands(id, 15, 100));
        expect(open.map(({ seq }) => seq)).toEqual([16, 17, 18, 19, 20]);
      });

      it('refuses an unknown instance with 404', async () => {
        const unknown = '00000000-0000-4000-8000-000000000000' as InstanceId;
        expect(await failureOf(submit(unknown))).toMatchObject({ status: 404, code: 'instance_not_found' });
      });

      it('refuses with 429 when full, lets control commands in, and opens again once one has run', async () => {
        const id = await rig.instance();
        for (let sent = 0; sent < MAILBOX_LIMIT; sent += 1) await run(submit(id));
        expect(await failureOf(submit(id))).toMatchObject({ status: 429, code: 'mailbox_full', retryAfterMs: 5_000 });
        await run(submit(id, 'disconnect'));
        const [first, second] = await run(rig.db.runtime.openCommands(id, 0, 2));
        if (first === undefined || second === undefined) throw new Error('Commands are missing');
        await rig.step(id, async (tx) => {
          await tx.finishCommand(id, first);
          await tx.finishCommand(id, second);
        });
        await run(submit(id));
      });

      it('moves last_seq by one only', async () => {
        const id = await rig.instance();
        const first = await run(submit(id));
        const second = await run(submit(id));
        const finish = (letter: typeof first) =>
          rig.db.runtime.step(rig.fence(id), (tx) => tx.finishCommand(id, letter));
        await defectOf(finish(second));
        await run(finish(first));
        await defectOf(finish(first));
        expect((await run(rig.db.runtime.load(id)))?.lastSeq).toBe(1);
        expect(await run(rig.db.runtime.openCommands(id, 1, 10))).toEqual([second]);
      });

      it('counts that a command begins again, its first time included, in a transaction of its own', async () => {
        const id = await rig.instance();
        const letter = await run(submit(id));
        expect((await run(rig.db.runtime.load(id)))?.openAttempts).toBe(0);
        expect(await run(rig.db.runtime.beginAgain(rig.fence(id), letter))).toBe(2);
        expect(await run(rig.db.runtime.beginAgain(rig.fence(id), letter))).toBe(3);
        expect((await run(rig.db.runtime.load(id)))?.openAttempts).toBe(3);
        const stale = { ...rig.fence(id), epoch: 0 };
        expect(await failureOf(rig.db.runtime.beginAgain(stale, letter))).toBeInstanceOf(Fenced);
      });

      it('counts nothing for a command that is not there', async () => {
        const id = await rig.instance();
        const letter = await run(submit(id));
        const died = await defectOf(rig.db.runtime.beginAgain(rig.fence(id), { ...letter, seq: letter.seq + 1 }));
        expect(String(died)).toContain('no command');
      });

      it('tells the sweeper what nobody has run', async () => {
        const id = await rig.instance();
        const letter = await run(submit(id));
        const sweep = (before: number) => run(rig.db.runtime.undelivered([partitionOf(id)], before, 1_000, null));
        const mine = (letters: Awaited<ReturnType<typeof sweep>>) => letters.filter((one) => one.instanceId === id);
        expect(mine(await sweep(Date.now() + 1_000))).toEqual([letter]);
        expect(mine(await sweep(Date.now() - 60_000))).toEqual([]);
        await rig.step(id, (tx) => tx.finishCommand(id, letter));
        expect(mine(await sweep(Date.now() + 1_000))).toEqual([]);
      });

      it('tells the sweeper page by page, one letter of each instance', async () => {
        const ids: InstanceId[] = [];
        for (let count = 0; count < 3; count++) {
          const id = await rig.instance();
          ids.push(id);
          await run(submit(id));
          await run(submit(id));
        }
        const partitions = ids.map(partitionOf);
        const told: InstanceId[] = [];
        for (let after: InstanceId | null = null; ; ) {
          const page: readonly Letter[] = await run(
            rig.db.runtime.undelivered(partitions, Date.now() + 1_000, 2, after),
          );
          told.push(...page.map(({ instanceId }) => instanceId));
          if (page.length < 2) break;
          after = page.at(-1)?.instanceId ?? null;
        }
        expect(told.filter((id) => ids.includes(id))).toEqual(ids.toSorted());
      });
    });

    describe('starting a sync', () => {
      it('makes the job with the command, ready to be restored', async () => {
        const id = await rig.instance();
        const jobId = newJobId();
        await run(startSync(id, jobId));
        expect((await run(rig.db.runtime.load(id)))?.jobs).toEqual([{ jobId, config: jobConfig(), snapshot: null }]);
        expect(await run(rig.db.catalogue.job(id, jobId))).toMatchObject({
          status: 'pending',
          progress: { fetched: 0 },
        });
      });

      it('refuses a second job of the same scope with the id of the first, until that one has ended', async () => {
        const id = await rig.instance();
        const first = newJobId();
        await run(startSync(id, first));
        expect(await failureOf(startSync(id, newJobId()))).toMatchObject({
          status: 409,
          code: 'sync_active',
          details: { jobId: first },
        });
        await run(startSync(id, newJobId(), { channelId: 'c-1' as never }));
        const ended = {
          jobId: first,
          status: 'cancelled' as const,
          progress: NO_PROGRESS,
          waitingFor: null,
          errorMessage: null,
          startedAt: 1,
          completedAt: 2,
          snapshot,
        };
        await rig.step(id, (tx) => tx.saveJob(ended));
        const [row] = await rig.rows('SELECT machine_context AS context FROM sync_jobs WHERE id = $1', [ended.jobId]);
        expect(row).toEqual({ context: null });
        await run(startSync(id, newJobId()));
        expect(await run(rig.db.catalogue.job(id, first))).toMatchObject({
          status: 'cancelled',
          completedAt: '1970-01-01T00:00:00.002Z',
        });
      });

      it('lets one of many requests in at the same time', async () => {
        const id = await rig.instance();
        const tries = Array.from({ length: 8 }, () => Effect.result(startSync(id, newJobId())));
        const results = await run(Effect.all(tries, { concurrency: 'unbounded' }));
        expect(results.filter(({ _tag }) => _tag === 'Success')).toHaveLength(1);
      });
    });

    describe('dead letters', () => {
      const die = async (id: InstanceId, jobId: JobId): Promise<string> => {
        const letter = await run(startSync(id, jobId));
        await rig.step(id, async (tx) => {
          await tx.addDeadLetter({ letter, reason: 'always\0 throws', attempts: 5, at: Date.now() });
          await tx.finishCommand(id, letter);
          await tx.saveJob({
            jobId,
            status: 'failed',
            progress: NO_PROGRESS,
            waitingFor: null,
            errorMessage: 'gave up',
            startedAt: null,
            completedAt: Date.now(),
            snapshot,
          });
        });
        const { items } = await run(rig.db.commands.deadLetters({ limit: 100, cursor: null }));
        const mine = items.find(({ instanceId }) => instanceId === id);
        if (mine === undefined) throw new Error('The dead letter is not listed');
        expect(mine).toMatchObject({ reason: 'always throws', attempts: 5 });
        return mine.id;
      };

      it('become a new command with a job of its own, once', async () => {
        const id = await rig.instance();
        const old = newJobId();
        const dead = await die(id, old);
        const letter = await run(rig.db.commands.requeue(dead, Date.now()));
        expect(letter).toMatchObject({ seq: 2, command: { type: 'startSync' } });
        const jobs = (await run(rig.db.runtime.load(id)))?.jobs;
        expect(jobs).toHaveLength(1);
        expect(jobs?.[0]?.jobId).not.toBe(old);
        expect(await failureOf(rig.db.commands.requeue(dead, Date.now()))).toMatchObject({ status: 409 });
      });

      it('can be thrown away, and are listed no more', async () => {
        const id = await rig.instance();
        const dead = await die(id, newJobId());
        await run(rig.db.commands.discard(dead));
        const { items } = await run(rig.db.commands.deadLetters({ limit: 100, cursor: null }));
        expect(items.map((item) => item.id)).not.toContain(dead);
        const unknown = '00000000-0000-4000-8000-000000000000';
        expect(await failureOf(rig.db.commands.discard(unknown))).toMatchObject({ status: 404 });
      });

      it('refuse a cursor that is none', async () => {
        const listing = rig.db.commands.deadLetters({ limit: 1, cursor: 'nonsense' });
        expect(await failureOf(listing)).toMatchObject({
          status: 400,
          code: 'invalid_cursor',
          details: { field: 'cursor' },
        });
      });
    });
  });
};
