import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message, MessageSource } from '../../src/domain/message.ts';
import type { Span } from '../../src/domain/span.ts';
import type { Scope } from '../../src/sync/store.ts';
import { listedConversation, message, type StoreDriver, StoreRig } from './store-driver.ts';

const NOW = Date.UTC(2026, 5, 1);
const WHOLE: Scope = { channelId: null, conversationIds: null };

const span = (newest: number, oldest: number, changes: Partial<Span> = {}): Span => ({
  newest: { at: newest, id: `n${newest}` },
  oldest: { at: oldest, id: null },
  reachesStart: false,
  continuity: null,
  ...changes,
});

/** Messages, conversations and spans: what a sync writes. */
export const syncStoreContract = (driver: StoreDriver): void => {
  describe(`the sync store on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    const room = async () => {
      const instanceId = await rig.instance();
      const conversationId = await rig.conversation(instanceId);
      const upsert = (messages: readonly Message[], source: MessageSource = 'sync') =>
        rig.step(instanceId, (tx) => tx.upsertMessages(instanceId, conversationId, source, messages, NOW));
      const held = async (externalId: string) => {
        const page = await Effect.runPromise(
          rig.db.catalogue.events({ conversationId }, { limit: 1_000, cursor: null }),
        );
        return page.items.find((event) => event.externalId === externalId);
      };
      return { instanceId, conversationId, upsert, held };
    };

    describe('a page of messages', () => {
      it('is stored once, and counted as duplicates when it comes again', async () => {
        const { instanceId, upsert } = await room();
        const page = Array.from({ length: 100 }, (_, n) => message(`m${n}`));
        expect(await upsert(page)).toEqual({ stored: 100, duplicates: 0, updated: 0 });
        expect(await upsert(page)).toEqual({ stored: 0, duplicates: 100, updated: 0 });
        expect(await upsert([...page.slice(50), message('new')])).toEqual({ stored: 1, duplicates: 50, updated: 0 });
        const [row] = await rig.rows<{ count: number }>(
          'SELECT COUNT(*)::int FROM omni_events WHERE instance_id = $1',
          [instanceId],
        );
        expect(row?.count).toBe(101);
      });

      it('may be empty', async () => {
        const { upsert } = await room();
        expect(await upsert([])).toEqual({ stored: 0, duplicates: 0, updated: 0 });
      });

      it('may name a message twice: the last one wins, and the first is a duplicate', async () => {
        const { upsert, held } = await room();
        const counts = await upsert([message('a', { text: 'first' }), message('b'), message('a', { text: 'last' })]);
        expect(counts).toEqual({ stored: 2, duplicates: 1, updated: 0 });
        expect((await held('a'))?.text).toBe('last');
      });

      it('updates what was edited later, and only that', async () => {
        const { upsert, held } = await room();
        await upsert([message('a'), message('b', { editedAt: 2_000, text: 'second edit' })]);
        const later = [
          message('a', { editedAt: 1_000, text: 'edited' }),
          message('b', { editedAt: 1_000, text: 'first edit' }),
        ];
        expect(await upsert(later)).toEqual({ stored: 0, duplicates: 1, updated: 1 });
        expect(await held('a')).toMatchObject({ text: 'edited', editedAt: '1970-01-01T00:00:01.000Z' });
        expect((await held('b'))?.text).toBe('second edit');
      });

      it('takes back neither an edit nor the source when it comes again as it was', async () => {
        const { upsert, held } = await room();
        await upsert([message('a', { editedAt: 1_000, text: 'edited' })], 'live');
        expect(await upsert([message('a', { text: 'before the edit' })])).toMatchObject({ updated: 0, duplicates: 1 });
        expect(await held('a')).toMatchObject({ text: 'edited', source: 'live' });
      });

      it('shows what was read last where nothing says when it was edited, but for what was pushed', async () => {
        const { upsert, held } = await room();
        await upsert([message('a'), message('b', { text: null })], 'live');
        expect(await upsert([message('a', { text: 'pushed' })], 'push')).toMatchObject({ updated: 0 });
        const read = [message('a', { text: 'edited' }), message('b', { type: 'system', text: 'message deleted' })];
        expect(await upsert(read, 'sync')).toMatchObject({ updated: 1, duplicates: 1 });
        expect([await held('a'), await held('b')]).toMatchObject([{ text: 'edited' }, { type: 'text', text: null }]);
      });

      it('makes sense of what was not understood before', async () => {
        const { upsert, held } = await room();
        await upsert([message('a', { type: 'unknown', text: null })]);
        expect(await upsert([message('a')])).toMatchObject({ updated: 1 });
        expect(await held('a')).toMatchObject({ type: 'text', text: 'Text of a' });
      });

      it('survives NUL, half surrogates, absurd times and every kind of null', async () => {
        const { upsert, held } = await room();
        const odd = message('o\0dd', {
          senderId: null,
          text: 'a\0b\udc00',
          payload: { 'k\0ey': 'v\ud800', quote: `"'\\{},`, empty: [] },
          timestamp: 8.64e15,
        });
        expect(await upsert([odd, message('null', { payload: null, text: null })])).toMatchObject({ stored: 2 });
        expect(await held('odd')).toMatchObject({
          text: 'ab\ufffd',
          senderId: null,
          payload: { key: 'v\ufffd', quote: `"'\\{},`, empty: [] },
        });
        expect(await held('null')).toMatchObject({ payload: null, text: null });
      });

      it('keeps its count with its conversation', async () => {
        const { instanceId, upsert } = await room();
        await upsert([message('a'), message('b')]);
        await upsert([message('b'), message('c')]);
        const contents = await Effect.runPromise(rig.db.registry.contentsOf(instanceId));
        expect(contents).toMatchObject({ events: 3, conversations: 1, jobs: 0 });
      });

      it('does not meet the same external id of another conversation', async () => {
        const [one, other] = [await room(), await room()];
        expect(await one.upsert([message('same')])).toMatchObject({ stored: 1 });
        expect(await other.upsert([message('same')])).toMatchObject({ stored: 1 });
      });
    });

    describe('edits and deletions', () => {
      it('change what is held, and say nothing of others', async () => {
        const { instanceId, conversationId, upsert, held } = await room();
        await upsert([message('a')]);
        const edits = [message('a', { editedAt: 5_000, text: 'edited' }), message('unknown', { editedAt: 5_000 })];
        expect(await rig.step(instanceId, (tx) => tx.applyEdits(conversationId, edits, 'live'))).toEqual(['a']);
        expect((await held('a'))?.text).toBe('edited');
        expect(await held('unknown')).toBeUndefined();
      });

      it('mark a deletion once, and never take it back', async () => {
        const { instanceId, conversationId, upsert, held } = await room();
        await upsert([message('a'), message('b')]);
        const remove = (at: number) =>
          rig.step(instanceId, (tx) => tx.markDeleted(conversationId, ['a', 'a', 'gone'], at));
        expect(await remove(1_000)).toEqual(['a']);
        await remove(9_000);
        await upsert([message('a', { editedAt: 20_000 })]);
        expect((await held('a'))?.deletedAt).toBe('1970-01-01T00:00:01.000Z');
        expect((await held('b'))?.deletedAt).toBeNull();
      });

      it('mark what was not there when its stretch was read again, and only that', async () => {
        const { instanceId, conversationId, upsert, held } = await room();
        const at = (externalId: string, timestamp: number) => message(externalId, { timestamp });
        await upsert([at('newer', 5_000), at('gone', 4_000), at('there', 3_000), at('older', 1_000)]);
        const reading = { olderThan: 5_000, newerThan: 1_000, present: ['there'] };
        const missing = (storedBefore: number) =>
          rig.step(instanceId, (tx) => tx.markMissing(conversationId, { ...reading, storedBefore }, 9_000));
        await missing(NOW - 1);
        expect((await held('gone'))?.deletedAt).toBeNull();
        await missing(NOW + 1);
        expect((await held('gone'))?.deletedAt).toBe('1970-01-01T00:00:09.000Z');
        for (const id of ['newer', 'there', 'older']) expect((await held(id))?.deletedAt).toBeNull();
      });
    });

    describe('conversations', () => {
      it('are inserted, changed and left alone, and told apart in the count', async () => {
        const id = await rig.instance();
        const [a, b] = [listedConversation({ name: 'a' }), listedConversation({ name: 'b' })];
        const upsert = (...listed: (typeof a)[]) => rig.step(id, (tx) => tx.upsertConversations(id, listed, NOW));
        expect(await upsert(a, b)).toBe(2);
        expect(await upsert(a, b)).toBe(0);
        expect(await upsert({ ...a, name: 'renamed' }, b)).toBe(1);
        expect(await upsert(a, { ...a, name: 'last wins' })).toBe(1);
        expect((await rig.step(id, (tx) => tx.conversation(id, a.externalId)))?.name).toBe('last wins');
      });

      it('keep the newest message when a listing does not tell, and forget it when it tells that there is none', async () => {
        const id = await rig.instance();
        const listed = listedConversation();
        const told = async (newest: Pick<typeof listed, 'newest'>) => {
          await rig.step(id, (tx) => tx.upsertConversations(id, [{ ...listed, ...newest }], NOW));
          return (await rig.step(id, (tx) => tx.conversation(id, listed.externalId)))?.newest;
        };
        expect(await told({})).toBeUndefined();
        expect(await told({ newest: { at: 5_000, id: 'm' } })).toEqual({ at: 5_000, id: 'm' });
        expect(await told({})).toEqual({ at: 5_000, id: 'm' });
        expect(await told({ newest: null })).toBeNull();
        expect(await told({})).toBeNull();
      });

      it('come in the order of their ordinals, within the scope, without those that hold or are nothing', async () => {
        const id = await rig.instance();
        const parent = listedConversation({ name: 'parent' });
        const thread = listedConversation({ name: 'thread', kind: 'thread', parentExternalId: parent.externalId });
        const forum = listedConversation({ name: 'forum', kind: 'forum', holdsMessages: false });
        const gone = listedConversation({ name: 'gone' });
        const other = listedConversation({ name: 'other' });
        for (const listed of [parent, thread, forum, gone, other]) {
          await rig.step(id, (tx) => tx.upsertConversations(id, [listed], NOW));
        }
        await rig.step(id, (tx) => tx.removeConversations(id, [gone.externalId], NOW));
        const inScope = (scope: Scope) =>
          rig.step(id, async (tx) => ({
            found: await tx.conversationsAfter(id, scope, 0, 10),
            count: await tx.countConversations(id, scope),
          }));
        const all = await inScope(WHOLE);
        expect(all.found.map(({ name }) => name)).toEqual(['parent', 'thread', 'other']);
        expect(all.count).toBe(3);
        const one = await inScope({ channelId: parent.externalId, conversationIds: null });
        expect(one.found.map(({ name }) => name)).toEqual(['parent', 'thread']);
        const [first, , last] = all.found;
        if (first === undefined || last === undefined) throw new Error('Conversations are missing');
        const rest = await rig.step(id, (tx) =>
          tx.conversationsAfter(id, { channelId: null, conversationIds: [first.id, last.id] }, first.ordinal, 10),
        );
        expect(rest).toEqual([last]);
        expect(await rig.step(id, (tx) => tx.conversationsByOrdinal(id, [last.ordinal, first.ordinal]))).toEqual([
          first,
          last,
        ]);
      });

      it('go with what they belong to, and are then remembered by no bookmark', async () => {
        const id = await rig.instance();
        const parent = listedConversation({ name: 'parent' });
        const thread = listedConversation({ name: 'thread', kind: 'thread', parentExternalId: parent.externalId });
        const other = listedConversation({ name: 'other' });
        await rig.step(id, async (tx) => {
          await tx.upsertConversations(id, [parent, thread, other], NOW);
          await tx.saveBookmarks(
            id,
            new Map([
              [parent.externalId, 'read'],
              [other.externalId, 'read'],
            ]),
          );
          await tx.removeConversations(id, [parent.externalId], NOW);
        });
        const left = await rig.step(id, (tx) => tx.conversationsAfter(id, WHOLE, 0, 10));
        expect(left.map(({ name }) => name)).toEqual(['other']);
        expect(await Effect.runPromise(rig.db.sync.bookmarks(id))).toEqual(new Map([[other.externalId, 'read']]));
      });

      it('come back when they are listed again, readable again', async () => {
        const id = await rig.instance();
        const listed = listedConversation();
        const conversationId = await rig.conversation(id, listed);
        await rig.step(id, async (tx) => {
          await tx.setUnreadable(conversationId, 'no access');
          await tx.removeConversations(id, [listed.externalId], NOW);
        });
        expect(await rig.step(id, (tx) => tx.countConversations(id, WHOLE))).toBe(0);
        expect((await rig.step(id, (tx) => tx.conversation(id, listed.externalId)))?.unreadable).toBe('no access');
        expect(await rig.step(id, (tx) => tx.upsertConversations(id, [listed], NOW))).toBe(1);
        expect(await rig.step(id, (tx) => tx.conversationsAfter(id, WHOLE, 0, 10))).toMatchObject([
          { unreadable: null },
        ]);
      });

      it('remember bookmarks, also of what is listed nowhere', async () => {
        const id = await rig.instance();
        await rig.step(id, (tx) =>
          tx.saveBookmarks(
            id,
            new Map([
              ['guild', 'one'],
              ['channel', 'two'],
            ]),
          ),
        );
        await rig.step(id, (tx) => tx.saveBookmarks(id, new Map([['guild', 'three']])));
        expect(await Effect.runPromise(rig.db.sync.bookmarks(id))).toEqual(
          new Map([
            ['guild', 'three'],
            ['channel', 'two'],
          ]),
        );
      });
    });

    describe('spans', () => {
      it('are replaced as a whole, and read newest first', async () => {
        const { instanceId, conversationId } = await room();
        const replace = (spans: readonly Span[]) =>
          rig.step(instanceId, (tx) => tx.replaceSpans(conversationId, spans));
        const read = () => rig.step(instanceId, (tx) => tx.spans(conversationId));
        const three = [
          span(300, 250, { continuity: 'session' }),
          span(200, 150),
          span(100, 50, { reachesStart: true }),
        ];
        await replace(three);
        expect(await read()).toEqual(three);
        const merged = [span(300, 50, { reachesStart: true })];
        await replace(merged);
        expect(await read()).toEqual(merged);
        await replace([]);
        expect(await read()).toEqual([]);
      });

      it('of many conversations come in one go', async () => {
        const [one, other] = [await room(), await room()];
        await rig.step(one.instanceId, (tx) => tx.replaceSpans(one.conversationId, [span(2, 1)]));
        const both = await rig.step(one.instanceId, (tx) => tx.spansOf([one.conversationId, other.conversationId]));
        expect(both).toEqual(new Map([[one.conversationId, [span(2, 1)]]]));
      });
    });

    it('stores nothing of a page when the step fails after it', async () => {
      const { instanceId, conversationId, held } = await room();
      const step = rig.db.runtime.step(rig.fence(instanceId), async (tx) => {
        await tx.upsertMessages(instanceId, conversationId, 'sync', [message('a')], NOW);
        await tx.replaceSpans(conversationId, [span(2, 1)]);
        throw new Error('after the page');
      });
      await expect(Effect.runPromise(step)).rejects.toThrow('after the page');
      expect(await held('a')).toBeUndefined();
      expect(await rig.step(instanceId, (tx) => tx.spans(conversationId))).toEqual([]);
    });
  });
};
