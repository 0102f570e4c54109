import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstanceId } from '../../src/domain/ids.ts';
import type { PageRequest } from '../../src/domain/page.ts';
import { readAll } from './read-all.ts';
import { failureOf, type StoreDriver, StoreRig } from './store-driver.ts';

const run = Effect.runPromise;
const at = (ms: number): string => new Date(ms).toISOString();
const LIMIT = 'sync.discord.messagesPerMinute';

/** Settings of the service and of single instances, and their history. */
export const settingsContract = (driver: StoreDriver): void => {
  describe(`settings on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    it('are the defaults until they are set, keep their history, and go back to the defaults', async () => {
      const before = await run(rig.db.settings.of(null));
      expect(before['sync.discord.messagesPerMinute']).toBe(50);
      await run(
        rig.db.settings.put(null, { 'sync.discord.messagesPerMinute': 10, 'retention.rawPayloadDays': 3 }, 1_000),
      );
      expect(await run(rig.db.settings.of(null))).toEqual({
        ...before,
        'sync.discord.messagesPerMinute': 10,
        'retention.rawPayloadDays': 3,
      });
      await run(rig.db.settings.put(null, { 'retention.rawPayloadDays': null }, 2_000));
      const view = (await run(rig.db.settings.views(null))).find(({ key }) => key === 'retention.rawPayloadDays');
      expect(view).toMatchObject({ value: null, default: null, updatedAt: at(2_000) });
      await run(rig.db.settings.reset(null, 'sync.discord.messagesPerMinute', 3_000));
      expect(await run(rig.db.settings.of(null))).toEqual(before);
      const history = await rig.rows('SELECT old_value, new_value FROM settings_history WHERE key = $1 ORDER BY id', [
        'sync.discord.messagesPerMinute',
      ]);
      expect(history).toEqual([
        { old_value: null, new_value: 10 },
        { old_value: 10, new_value: null },
      ]);
    });

    it('that are set again to what they are change nothing, and leave no history', async () => {
      const id = await rig.instance();
      for (const key of [LIMIT, 'retention.rawPayloadDays'] as const) await run(rig.db.settings.reset(null, key, 0));
      const values = { 'sync.discord.messagesPerMinute': 12, 'retention.rawPayloadDays': null } as const;
      for (const owner of [null, id]) {
        const put = (when: number) => run(rig.db.settings.put(owner, owner === null ? values : { [LIMIT]: 13 }, when));
        expect(await put(1_000)).toHaveLength(owner === null ? 2 : 1);
        const before = await run(rig.db.settings.views(owner));
        expect(await put(2_000)).toEqual([]);
        expect(await run(rig.db.settings.views(owner))).toEqual(before);
        expect(await run(rig.db.settings.reset(owner, LIMIT, 3_000))).toHaveLength(1);
        expect(await run(rig.db.settings.reset(owner, LIMIT, 4_000))).toEqual([]);
      }
      await run(rig.db.settings.reset(null, 'retention.rawPayloadDays', 5_000));
      const { items } = await run(rig.db.settings.history(id, LIMIT, { limit: 10, cursor: null }));
      expect(items.map(({ changedAt }) => changedAt)).toEqual([at(3_000), at(1_000)]);
    });

    it('keep null where null is a value', async () => {
      await run(rig.db.settings.reset(null, 'retention.rawPayloadDays', 0));
      await run(rig.db.settings.put(null, { 'retention.rawPayloadDays': 30 }, 1));
      await run(rig.db.settings.put(null, { 'retention.rawPayloadDays': null, 'sync.defaultDepth': '90d' }, 2_000));
      expect(await run(rig.db.settings.of(null))).toMatchObject({
        'retention.rawPayloadDays': null,
        'sync.defaultDepth': '90d',
      });
      const [row] = await rig.rows('SELECT value::text FROM settings WHERE key = $1', ['retention.rawPayloadDays']);
      expect(row).toEqual({ value: 'null' });
      await run(rig.db.settings.reset(null, 'retention.rawPayloadDays', 3_000));
      await run(rig.db.settings.reset(null, 'sync.defaultDepth', 3_000));
      const history = await rig.rows(
        'SELECT old_value::text AS old, new_value::text AS new FROM settings_history WHERE key = $1 ORDER BY id',
        ['retention.rawPayloadDays'],
      );
      expect(history.slice(-3)).toEqual([
        { old: null, new: '30' },
        { old: '30', new: 'null' },
        { old: 'null', new: null },
      ]);
    });

    it('fall back to the default where the stored value is not valid any more, and ignore keys of other builds', async () => {
      await rig.rows(
        `INSERT INTO settings VALUES ('sync.defaultDepth', '"5y"', now()), ('of.another.build', '1', now())`,
      );
      expect((await run(rig.db.settings.of(null)))['sync.defaultDepth']).toBe('7d');
      await run(rig.db.settings.put(null, { 'sync.defaultDepth': '30d' }, 1));
      expect((await run(rig.db.settings.of(null)))['sync.defaultDepth']).toBe('30d');
    });

    it('of an instance win over those of the service, and are its own', async () => {
      const [one, other] = [await rig.instance(), await rig.instance()];
      await run(rig.db.settings.put(null, { [LIMIT]: 40 }, 4_000));
      await run(rig.db.settings.put(one, { [LIMIT]: 5, 'sync.onConnect': false }, 5_000));
      expect(await run(rig.db.settings.of(one))).toMatchObject({ [LIMIT]: 5, 'sync.onConnect': false });
      expect(await run(rig.db.settings.of(other))).toMatchObject({ [LIMIT]: 40, 'sync.onConnect': true });
      const views = await run(rig.db.settings.views(one));
      expect(views.find(({ key }) => key === LIMIT)).toMatchObject({
        value: 5,
        source: 'instance',
        updatedAt: at(5_000),
      });
      expect(views.map(({ key }) => key)).not.toContain('sync.whatsapp.messagesPerMinute');
      const stored = await run(rig.db.settings.all);
      expect(stored.instances.get(one)).toEqual({ [LIMIT]: 5, 'sync.onConnect': false });
      await run(rig.db.settings.reset(one, LIMIT, 6_000));
      expect((await run(rig.db.settings.views(one))).find(({ key }) => key === LIMIT)).toMatchObject({
        value: 40,
        source: 'global',
      });
      await run(rig.db.settings.reset(null, LIMIT, 7_000));
    });

    it('are refused for an instance that does not exist', async () => {
      const nobody = InstanceId.make(randomUUID());
      for (const asked of [
        rig.db.settings.put(nobody, { [LIMIT]: 5 }, 1),
        rig.db.settings.reset(nobody, LIMIT, 1),
        rig.db.settings.views(nobody),
        rig.db.settings.history(nobody, LIMIT, { limit: 1, cursor: null }),
      ]) {
        expect(await failureOf<unknown, unknown>(asked)).toMatchObject({ status: 404, code: 'instance_not_found' });
      }
      expect(await rig.rows('SELECT 1 FROM instance_settings WHERE instance_id = $1', [nobody])).toEqual([]);
    });

    it('tell what has changed since, in order, a value that is null and none that is apart', async () => {
      const { upTo } = await run(rig.db.settings.all);
      const id = await rig.instance();
      await run(rig.db.settings.put(null, { 'retention.rawPayloadDays': null }, 1));
      const [own] = await run(rig.db.settings.put(id, { [LIMIT]: 7 }, 2));
      await run(rig.db.settings.reset(null, 'retention.rawPayloadDays', 3));
      const changes = await run(rig.db.settings.changesSince(upTo));
      expect(changes).toEqual([
        { id: expect.any(Number), owner: null, key: 'retention.rawPayloadDays', value: null },
        { id: own?.id, owner: id, key: LIMIT, value: 7 },
        { id: expect.any(Number), owner: null, key: 'retention.rawPayloadDays', value: undefined },
      ]);
      expect(await run(rig.db.settings.changesSince(changes[1]?.id ?? 0))).toHaveLength(1);
      expect((await run(rig.db.settings.all)).upTo).toBe(changes[2]?.id);
    });

    it('that many change at the same time are numbered in the order in which they commit', async () => {
      const { upTo } = await run(rig.db.settings.all);
      const puts = Array.from({ length: 12 }, (_, n) => rig.db.settings.put(null, { [LIMIT]: n + 1 }, n));
      await run(Effect.all(puts, { concurrency: 'unbounded' }));
      const changes = await run(rig.db.settings.changesSince(upTo));
      expect(changes).toHaveLength(12);
      expect((await run(rig.db.settings.of(null)))[LIMIT]).toBe(changes.at(-1)?.value);
      const history = await run(rig.db.settings.history(null, LIMIT, { limit: 11, cursor: null }));
      for (const [index, { oldValue }] of history.items.entries()) {
        if (index < 10) expect(oldValue).toBe(history.items[index + 1]?.newValue);
      }
    });

    it('have a history, newest first, page by page, of the service and of each instance apart', async () => {
      const id = await rig.instance();
      for (const value of [1, 2, 3]) await run(rig.db.settings.put(id, { [LIMIT]: value }, value * 1_000));
      await run(rig.db.settings.reset(id, LIMIT, 4_000));
      const pages = (page: PageRequest) => run(rig.db.settings.history(id, LIMIT, page));
      const history = await readAll(pages, 3);
      expect(history).toEqual([
        { key: LIMIT, instanceId: id, oldValue: 3, changedBy: 'api', changedAt: at(4_000) },
        { key: LIMIT, instanceId: id, oldValue: 2, newValue: 3, changedBy: 'api', changedAt: at(3_000) },
        { key: LIMIT, instanceId: id, oldValue: 1, newValue: 2, changedBy: 'api', changedAt: at(2_000) },
        { key: LIMIT, instanceId: id, newValue: 1, changedBy: 'api', changedAt: at(1_000) },
      ]);
      const ofService = await run(rig.db.settings.history(null, LIMIT, { limit: 50, cursor: null }));
      expect(ofService.items.every(({ instanceId }) => instanceId === null)).toBe(true);
    });

    it('go with their instance', async () => {
      const id = await rig.instance();
      await run(rig.db.settings.put(id, { [LIMIT]: 7 }, 1));
      await run(rig.db.registry.remove(id));
      await run(rig.db.removalsSettled);
      for (const table of ['instance_settings', 'settings_history']) {
        expect(await rig.rows(`SELECT 1 FROM ${table} WHERE instance_id = $1`, [id])).toEqual([]);
      }
    });
  });
};
