import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, InstanceId, JobId } from '../../src/domain/ids.ts';
import type { JobConfig } from '../../src/domain/job.ts';
import type { PageRequest } from '../../src/domain/page.ts';
import { jobConfig, newJobId } from '../harness/job-config.ts';
import { readAll } from './read-all.ts';
import { failureOf, message, type StoreDriver, StoreRig } from './store-driver.ts';

const run = Effect.runPromise;
const at = (ms: number): string => new Date(ms).toISOString();

/** Instances and their credentials, and what retention takes. */
export const registryContract = (driver: StoreDriver): void => {
  describe(`the registry on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    const store = (
      instanceId: InstanceId,
      conversationId: ConversationId,
      messages: readonly ReturnType<typeof message>[],
    ) => rig.step(instanceId, (tx) => tx.upsertMessages(instanceId, conversationId, 'sync', messages, Date.now()));
    const events = (filter: Parameters<typeof rig.db.catalogue.events>[0]) => (page: PageRequest) =>
      run(rig.db.catalogue.events(filter, page));

    describe('the registry', () => {
      const create = (token: string, name = 'bot') =>
        rig.db.registry.create({ name, channel: 'discord', credentials: { token } }, 5_000);

      it('gives back what it took, and stores no token in clear', async () => {
        const token = `secret-${randomUUID()}`;
        const { id, ...view } = await run(create(token));
        expect(view).toEqual({
          name: 'bot',
          channel: 'discord',
          state: 'stopped',
          account: null,
          error: null,
          createdAt: at(5_000),
        });
        expect(await run(rig.db.registry.credentials(id))).toEqual({ token });
        const rows = await rig.rows('SELECT * FROM channel_auth');
        expect(JSON.stringify(rows)).not.toContain(token);
      });

      it('keeps a name whatever is in it', async () => {
        const name = `who? it's \\"me" ?? $1 \0😀`;
        const { id } = await run(create(randomUUID(), name));
        expect((await run(rig.db.catalogue.instance(id))).name).toBe(name.replace('\0', ''));
        await run(rig.db.registry.update(id, { name: `${name}!` }));
        expect((await run(rig.db.catalogue.instance(id))).name).toBe(`${name.replace('\0', '')}!`);
      });

      it('refuses an account that another instance holds, until that one lets go', async () => {
        const [token, fresh] = [randomUUID(), randomUUID()];
        const first = await run(create(token));
        expect(await failureOf(create(token))).toMatchObject({
          status: 409,
          code: 'account_taken',
          details: { instanceId: first.id },
        });
        await run(rig.db.registry.update(first.id, { name: 'renamed', credentials: { token: fresh } }));
        expect(await run(rig.db.registry.credentials(first.id))).toEqual({ token: fresh });
        const second = await run(create(token));
        expect(await failureOf(rig.db.registry.update(second.id, { credentials: { token: fresh } }))).toMatchObject({
          status: 409,
        });
        expect(await run(rig.db.registry.update(second.id, { credentials: { token } }))).toMatchObject({
          id: second.id,
        });
      });

      it('lets one of many creations of the same account through', async () => {
        const token = randomUUID();
        const results = await run(
          Effect.all(
            Array.from({ length: 6 }, () => Effect.result(create(token))),
            { concurrency: 'unbounded' },
          ),
        );
        expect(results.filter(({ _tag }) => _tag === 'Success')).toHaveLength(1);
      });

      it('removes an instance with all that belongs to it, and nothing else', async () => {
        const token = randomUUID();
        const { id } = await run(create(token));
        const other = await rig.instance();
        const [room, kept] = [await rig.conversation(id), await rig.conversation(other)];
        await store(
          id,
          room,
          Array.from({ length: 2_500 }, (_, n) => message(`m${n}`)),
        );
        await store(other, kept, [message('kept')]);
        await run(rig.db.commands.submit(id, { type: 'startSync', jobId: newJobId(), config: jobConfig() }, 1));
        await rig.step(id, (tx) =>
          tx.replaceSpans(room, [
            { newest: { at: 2, id: null }, oldest: { at: 1, id: null }, reachesStart: true, continuity: null },
          ]),
        );
        expect(await run(rig.db.registry.contentsOf(id))).toEqual({
          events: 2_500,
          conversations: 1,
          contacts: 0,
          groups: 0,
          pushes: 0,
          jobs: 1,
        });
        await run(rig.db.registry.remove(id));
        expect(await failureOf(rig.db.catalogue.instance(id))).toMatchObject({ status: 404 });
        expect(await run(rig.db.runtime.load(id))).toBeNull();
        await run(create(token));
        await run(rig.db.removalsSettled);
        for (const table of ['omni_events', 'conversations', 'sync_jobs', 'commands']) {
          expect(await rig.rows(`SELECT 1 FROM ${table} WHERE instance_id = $1`, [id]), table).toEqual([]);
        }
        expect(await rig.rows('SELECT 1 FROM spans WHERE conversation_id = $1', [room])).toEqual([]);
        expect(await readAll(events({ instanceId: other }), 5)).toHaveLength(1);
        expect(await failureOf(rig.db.registry.remove(id))).toMatchObject({ status: 404 });
      });

      it('lists instances in the order in which they were made', async () => {
        const all = await readAll((page) => run(rig.db.catalogue.instances({ channel: 'discord' }, page)), 3);
        const sorted = [...all].sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id));
        expect(all.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
      });
    });

    it('retention takes jobs that are over for long, and no others, and what is settled', async () => {
      const id = await rig.instance();
      const now = Date.UTC(2050, 0, 1);
      const old = now - 400 * 86_400_000;
      const begin = async (config: Partial<JobConfig>) => {
        const jobId = newJobId();
        await run(rig.db.commands.submit(id, { type: 'startSync', jobId, config: jobConfig(config) }, old));
        return jobId;
      };
      const end = (jobId: JobId, at: number) => rig.step(id, (tx) => tx.failJob(jobId, 'over', at));
      const [long, last] = [await begin({ type: 'messages' }), await begin({ type: 'contacts' })];
      const [late, active] = [await begin({ type: 'groups' }), await begin({ type: 'all' })];
      for (const jobId of [long, last]) await end(jobId, old);
      await end(late, now);
      await rig.step(id, (tx) => tx.saveCatchUp(id, { continuity: 'one', begunAt: old, since: old, jobId: last }));
      const letter = await run(rig.db.commands.submit(id, { type: 'connect' }, old));
      for (const reason of ['settled', 'open']) {
        await rig.step(id, (tx) => tx.addDeadLetter({ letter, reason, attempts: 5, at: old }));
      }
      await rig.rows(`UPDATE dead_letters SET fate = 'discarded' WHERE reason = 'settled'`);
      await rig.rows(`INSERT INTO nodes (node_id, lease_until) VALUES
        ('long gone', now() - interval '25 hours'), ('just gone', now() - interval '23 hours')`);
      const settings = await run(rig.db.settings.of(null));
      const jobs = async () =>
        new Set(
          (await rig.rows<{ id: string }>('SELECT id FROM sync_jobs WHERE instance_id = $1', [id])).map(
            (row) => row.id,
          ),
        );
      await run(rig.db.retention.sweep({ ...settings, 'retention.finishedJobsDays': null }, now));
      expect(await jobs()).toEqual(new Set([long, last, late, active]));
      await run(rig.db.retention.sweep(settings, now));
      expect(await jobs()).toEqual(new Set([last, late, active]));
      const dead = await rig.rows('SELECT reason FROM dead_letters WHERE instance_id = $1', [id]);
      expect(dead).toEqual([{ reason: 'open' }]);
      expect(await rig.rows(`SELECT node_id AS id FROM nodes WHERE node_id LIKE '%gone'`)).toEqual([
        { id: 'just gone' },
      ]);
    });

    it('retention takes events that were sent, also behind many that could not be', async () => {
      const id = await rig.instance();
      const now = Date.UTC(2050, 0, 1);
      const old = now - 10 * 86_400_000;
      await rig.rows(
        `INSERT INTO outbox (instance_id, channel, event, at, sent_at)
         SELECT $1, 'discord', jsonb_build_object('n', n), CASE WHEN n = 1502 THEN $3 ELSE $2 END::timestamptz,
           CASE WHEN n > 1500 THEN CASE WHEN n = 1502 THEN $3 ELSE $2 END::timestamptz END
         FROM generate_series(1, 1502) AS n ORDER BY n`,
        [id, new Date(old).toISOString(), new Date(now).toISOString()],
      );
      await run(rig.db.retention.sweep(await run(rig.db.settings.of(null)), now));
      const [left] = await rig.rows(
        'SELECT count(*)::int AS count, count(sent_at)::int AS sent FROM outbox WHERE instance_id = $1',
        [id],
      );
      expect(left).toEqual({ count: 1_501, sent: 1 });
      await rig.rows('DELETE FROM outbox WHERE instance_id = $1', [id]);
    });

    it('retention takes what is old, and leaves what is not', async () => {
      const id = await rig.instance();
      const room = await rig.conversation(id);
      const now = Date.UTC(2050, 0, 1);
      const old = now - 40 * 86_400_000;
      const letter = await run(rig.db.commands.submit(id, { type: 'connect' }, old));
      await run(rig.db.commands.submit(id, { type: 'disconnect' }, old));
      await rig.step(id, async (tx) => {
        await tx.finishCommand(id, letter);
        await tx.upsertMessages(id, room, 'sync', [message('old')], old);
        await tx.upsertMessages(id, room, 'sync', [message('young')], now);
      });
      const settings = { ...(await run(rig.db.settings.of(null))), 'retention.rawPayloadDays': 30 };
      expect(await run(rig.db.retention.sweep(settings, now))).toBeGreaterThanOrEqual(2);
      expect(await rig.rows('SELECT seq::int FROM commands WHERE instance_id = $1', [id])).toEqual([{ seq: 2 }]);
      const kept = await readAll(events({ instanceId: id }), 5);
      expect(kept.find(({ externalId }) => externalId === 'old')).toMatchObject({ payload: null, text: 'Text of old' });
      expect(kept.find(({ externalId }) => externalId === 'young')?.payload).toEqual({ id: 'young' });
    });
  });
};
