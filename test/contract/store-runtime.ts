import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Letter, MAILBOX_LIMIT } from '../../src/domain/command.ts';
import { Fenced, Refused } from '../../src/domain/errors.ts';
import type { InstanceId, JobId } from '../../src/domain/ids.ts';
import { NO_PROGRESS } from '../../src/domain/job.ts';
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

/** Steps, fences, commands, dead letters, the outbox and leases: what the runtime relies on. */
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
