import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, InstanceId } from '../../src/domain/ids.ts';
import type { PageRequest } from '../../src/domain/page.ts';
import { jobConfig, newJobId } from '../harness/job-config.ts';
import { readAll } from './read-all.ts';
import { failureOf, listedConversation, message, type StoreDriver, StoreRig } from './store-driver.ts';

const run = Effect.runPromise;
const at = (ms: number): string => new Date(ms).toISOString();

/** What can be read of what is stored. */
export const catalogueContract = (driver: StoreDriver): void => {
  describe(`the catalogue on ${driver.name}`, () => {
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

    describe('events', () => {
      it('come newest first, each once, also while newer ones are stored and many share an instant', async () => {
        const id = await rig.instance();
        const room = await rig.conversation(id);
        const stored = Array.from({ length: 50 }, (_, n) =>
          message(`m${n}`, { timestamp: 1_000 + Math.floor(n / 10) }),
        );
        await store(id, room, stored);
        let more = 0;
        const all = await readAll(events({ instanceId: id }), 7, () =>
          store(id, room, [message(`late${more++}`, { timestamp: 9_000 })]),
        );
        expect(new Set(all.map(({ externalId }) => externalId))).toEqual(
          new Set(stored.map(({ externalId }) => externalId)),
        );
        expect(all).toHaveLength(50);
        const times = all.map(({ timestamp }) => timestamp);
        expect(times).toEqual([...times].sort().reverse());
      });

      it('can be narrowed to a conversation and a stretch of time, both ends included', async () => {
        const id = await rig.instance();
        const [one, other] = [await rig.conversation(id), await rig.conversation(id)];
        await store(
          id,
          one,
          [1, 2, 3, 4].map((n) => message(`one${n}`, { timestamp: n * 1_000 })),
        );
        await store(id, other, [message('other', { timestamp: 2_500 })]);
        const found = await readAll(events({ instanceId: id, conversationId: one, since: 2_000, until: 3_000 }), 10);
        expect(found.map(({ externalId }) => externalId)).toEqual(['one3', 'one2']);
        expect(found[0]).toMatchObject({
          channel: 'discord',
          conversationId: one,
          timestamp: at(3_000),
          payload: { id: 'one3' },
        });
        expect(await readAll(events({ conversationId: one, until: 1_500 }), 10)).toHaveLength(1);
      });

      it('of all instances are merged into one order', async () => {
        const far = Date.UTC(2090, 0, 1);
        const [first, second] = [await rig.instance(), await rig.instance()];
        const [here, there] = [await rig.conversation(first), await rig.conversation(second)];
        await store(
          first,
          here,
          [0, 2, 4].map((n) => message(`x${n}`, { timestamp: far + n })),
        );
        await store(
          second,
          there,
          [1, 3, 5].map((n) => message(`x${n}`, { timestamp: far + n })),
        );
        const all = await readAll(events({ since: far }), 4);
        expect(all.map(({ externalId }) => externalId)).toEqual(['x5', 'x4', 'x3', 'x2', 'x1', 'x0']);
        const found = await readAll(events({ since: far, search: 'text of X' }), 2);
        expect(found.map(({ externalId }) => externalId)).toEqual(['x5', 'x4', 'x3', 'x2', 'x1', 'x0']);
      });

      it('refuse a cursor that is none, naming the field, and an unknown instance', async () => {
        const bad = [
          ...'x',
          'e30',
          Buffer.from('{"at":"x","id":"1"}').toString('base64url'),
          Buffer.from('{"at":1,"id":"1;--"}').toString('base64url'),
        ];
        for (const cursor of bad) {
          const refused = await failureOf(rig.db.catalogue.events({}, { limit: 1, cursor }));
          expect(refused, cursor).toMatchObject({ status: 400, code: 'invalid_cursor', details: { field: 'cursor' } });
        }
        const unknown = '00000000-0000-4000-8000-000000000000' as InstanceId;
        expect(
          await failureOf(rig.db.catalogue.events({ instanceId: unknown }, { limit: 1, cursor: null })),
        ).toMatchObject({ status: 404 });
      });
    });

    describe('a search', () => {
      const searched = async (): Promise<(search: string) => Promise<readonly string[]>> => {
        const id = await rig.instance();
        const room = await rig.conversation(id);
        const texts = [
          '100% sure',
          '100 percent',
          'snake_case',
          'snakeXcase',
          'back\\slash',
          'ÄPFEL und Birnen',
          'nul',
          `who? it's "me" ?? $1`,
        ];
        await store(
          id,
          room,
          texts.map((text, n) => message(`t${n}`, { text, timestamp: n })),
        );
        return async (search) => (await readAll(events({ instanceId: id, search }), 3)).map(({ text }) => text ?? '');
      };

      const expectations = async (): Promise<void> => {
        const find = await searched();
        expect(await find('100%')).toEqual(['100% sure']);
        expect(await find('snake_case')).toEqual(['snake_case']);
        expect(await find('back\\sl')).toEqual(['back\\slash']);
        expect(await find('PERCENT')).toEqual(['100 percent']);
        expect(await find('äpfel')).toEqual(['ÄPFEL und Birnen']);
        expect(await find('n\0ul')).toEqual(['nul']);
        expect(await find('nowhere')).toEqual([]);
        expect(await find(`WHO? it's "m`)).toEqual([`who? it's "me" ?? $1`]);
        expect(await find('?? $1')).toHaveLength(1);
        expect(await find('e')).toHaveLength(6);
      };

      it('takes nothing for a wildcard, and does not mind case', expectations);

      it('meets each match once, however many messages lie between them', async () => {
        const id = await rig.instance();
        const room = await rig.conversation(id);
        // More than any driver looks through in one statement; the matches lie on both sides of round numbers.
        await rig.rows(
          `INSERT INTO omni_events (timestamp, stored_at, instance_id, conversation_id, is_from_me, external_id, type, source, text)
           SELECT to_timestamp(n), now(), $1, $2, false, n::text, 'text', 'sync',
             CASE WHEN n % 1000 < 2 THEN 'needle ' ELSE 'hay ' END || n FROM generate_series(1, 21000) AS n`,
          [id, room],
        );
        const expected = Array.from({ length: 21_000 }, (_, n) => 21_000 - n).filter((n) => n % 1_000 < 2);
        for (const limit of [3, 100]) {
          const found = await readAll(events({ instanceId: id, search: 'needle' }), limit);
          expect(found.map(({ externalId }) => Number(externalId))).toEqual(expected);
        }
        expect(await readAll(events({ conversationId: room, search: 'nowhere' }), 10)).toEqual([]);
      });

      it('finds the same with the index, and without it again', async () => {
        await run(rig.db.setSearchIndex(true));
        await run(rig.db.setSearchIndex(true));
        await expectations();
        await run(rig.db.setSearchIndex(false));
        const [index] = await rig.rows<{ there: boolean }>(
          `SELECT to_regclass('omni_events_text') IS NOT NULL AS there`,
        );
        expect(index?.there).toBe(false);
        await expectations();
      });
    });

    describe('coverage', () => {
      const covered = async (newest: { at: number; id: string } | null | undefined) => {
        const id = await rig.instance();
        const room = await rig.conversation(id, newest === undefined ? {} : { newest });
        const read = async () =>
          (await run(rig.db.catalogue.coverage(id, { conversationId: room }, { limit: 5, cursor: null }))).items[0];
        return { id, room, read };
      };
      const bound = (ms: number) => ({ at: ms, id: `m${ms}` });

      it('of what was never read is one gap, and of what is empty none', async () => {
        expect(await (await covered(bound(5))).read()).toMatchObject({
          spans: [],
          gaps: [{ from: null, to: null }],
          stopReason: null,
        });
        expect(await (await covered(null)).read()).toMatchObject({ gaps: [], stopReason: 'start_of_history' });
      });

      it('says why nothing is read of what cannot be, whatever an earlier walk came to', async () => {
        const { id, room, read } = await covered(bound(9_000));
        await rig.step(id, async (tx) => {
          await tx.setStopReason(room, 'depth_reached', 1);
          await tx.setUnreadable(room, 'The bot may not read it.');
        });
        expect(await read()).toMatchObject({ stopReason: 'no_access', unreadable: 'The bot may not read it.' });
      });

      it('names the gaps above, between and below the spans, newest first', async () => {
        const { id, room, read } = await covered(bound(9_000));
        await rig.step(id, async (tx) => {
          await tx.replaceSpans(room, [
            { newest: bound(8_000), oldest: bound(7_000), reachesStart: false, continuity: 'live' },
            { newest: bound(5_000), oldest: bound(3_000), reachesStart: false, continuity: null },
          ]);
          await tx.setStopReason(room, 'depth_reached', 1);
        });
        expect(await read()).toMatchObject({
          stopReason: 'depth_reached',
          spans: [
            { from: at(7_000), to: at(8_000), live: true },
            { live: false, newestExternalId: 'm5000' },
          ],
          gaps: [
            { from: at(8_000), to: null },
            { from: at(5_000), to: at(7_000) },
            { from: null, to: at(3_000) },
          ],
        });
      });

      it('has no gap when everything is held', async () => {
        const { id, room, read } = await covered(bound(8_000));
        const whole = { newest: bound(8_000), oldest: bound(1), reachesStart: true, continuity: null };
        await rig.step(id, (tx) => tx.replaceSpans(room, [whole]));
        expect((await read())?.gaps).toEqual([]);
      });

      it('pages through all conversations that hold messages', async () => {
        const id = await rig.instance();
        const listed = Array.from({ length: 5 }, (_, n) =>
          listedConversation({ name: `c${n}`, holdsMessages: n !== 2 }),
        );
        await rig.step(id, (tx) => tx.upsertConversations(id, listed, 1));
        const rows = await readAll((page) => run(rig.db.catalogue.coverage(id, {}, page)), 2);
        expect(rows.map(({ name }) => name).sort()).toEqual(['c0', 'c1', 'c3', 'c4']);
        const all = await readAll((page) => run(rig.db.catalogue.conversations(id, {}, page)), 2);
        expect(all).toHaveLength(5);
        const found = await run(rig.db.catalogue.conversations(id, { search: 'C3' }, { limit: 9, cursor: null }));
        expect(found.items.map(({ name }) => name)).toEqual(['c3']);
        const odd = listedConversation({ name: `why? it's 100% \\"odd" ?? $1` });
        await rig.step(id, (tx) => tx.upsertConversations(id, [odd], 1));
        for (const search of ['why?', `it's`, '100%', '\\"odd', '?? $1', odd.externalId, `${odd.externalId}\0`]) {
          const { items } = await run(rig.db.catalogue.conversations(id, { search }, { limit: 9, cursor: null }));
          expect(
            items.map(({ name }) => name),
            search,
          ).toEqual([odd.name]);
        }
      });

      it('refuses a conversation of somebody else', async () => {
        const room = await rig.conversation(await rig.instance());
        const asked = rig.db.catalogue.coverage(
          await rig.instance(),
          { conversationId: room },
          { limit: 1, cursor: null },
        );
        expect(await failureOf(asked)).toMatchObject({ status: 404, code: 'conversation_not_found' });
      });
    });

    it('lists jobs newest first, filtered', async () => {
      const id = await rig.instance();
      const jobs = [newJobId(), newJobId(), newJobId()];
      for (const [n, jobId] of jobs.entries()) {
        const config = jobConfig({ channelId: `c${n}` as never });
        await run(rig.db.commands.submit(id, { type: 'startSync', jobId, config }, 1_000 + n));
      }
      const listed = await readAll((page) => run(rig.db.catalogue.jobs({ instanceId: id }, page)), 2);
      expect(listed.map(({ jobId }) => jobId)).toEqual([...jobs].reverse());
      const none = await run(rig.db.catalogue.jobs({ instanceId: id, status: 'failed' }, { limit: 5, cursor: null }));
      expect(none).toEqual({ items: [], cursor: null });
      const discord = await run(
        rig.db.catalogue.jobs({ channel: 'discord', type: 'messages', status: 'pending' }, { limit: 1, cursor: null }),
      );
      expect(discord.items).toHaveLength(1);
    });
  });
};
