import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageChanges } from '../../src/channels/channel.ts';
import { ExternalId } from '../../src/domain/ids.ts';
import type { Message } from '../../src/domain/message.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/settings.ts';
import { listedConversation, message, type StoreDriver, StoreRig } from './store-driver.ts';

const NOW = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;

/** Edits and deletions, in whatever order they and their messages come. */
export const changeStoreContract = (driver: StoreDriver): void => {
  describe(`edits and deletions on ${driver.name}`, () => {
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
      const listed = listedConversation();
      const { externalId } = listed;
      const id = await rig.conversation(instanceId, listed);
      const held = async (messageId: string, conversationId = id) => {
        const page = await Effect.runPromise(
          rig.db.catalogue.events({ conversationId }, { limit: 1_000, cursor: null }),
        );
        return page.items.find((event) => event.externalId === messageId);
      };
      return {
        instanceId,
        id,
        externalId,
        held,
        read: (one: Message, readAt: number) =>
          rig.step(instanceId, (tx) => tx.upsertMessages(instanceId, id, 'sync', [one], NOW, readAt)),
        push: (...messages: readonly Message[]) =>
          rig.step(instanceId, (tx) => tx.upsertMessages(instanceId, id, 'push', messages, NOW)),
        edit: (told: 'live' | 'history', ...edits: readonly Message[]) =>
          rig.step(instanceId, (tx) => tx.applyEdits(id, edits, told)),
        keep: (changes: Partial<MessageChanges>, at = NOW, under: string = externalId) =>
          rig.step(instanceId, (tx) => tx.keepWaiting(instanceId, under, { edited: [], deleted: [], ...changes }, at)),
        apply: (readAt: number | null = null) =>
          rig.step(instanceId, (tx) => tx.applyWaiting(instanceId, { id, externalId }, readAt)),
        waiting: () => rig.step(instanceId, (tx) => tx.conversationsWithWaiting(instanceId)),
      };
    };

    const edited = (id: string, text: string, editedAt: number) => message(id, { text, editedAt });

    it('tells whether a message is held as more than that it could not be read', async () => {
      const { instanceId, id, push } = await room();
      await push(message('a'), message('b', { type: 'unknown', text: null }));
      const isRead = (externalId: string) => rig.step(instanceId, (tx) => tx.isRead(id, externalId));
      expect([await isRead('a'), await isRead('b'), await isRead('c')]).toEqual([true, false, false]);
    });

    describe('what was read without a date', () => {
      it('is what a message says, unless an edit that is held was made after the platform was asked', async () => {
        const { push, edit, read, held } = await room();
        await push(message('a'));
        await edit('live', edited('a', 'first', 5_000));
        expect(await read(message('a', { text: 'as it was' }), 5_000)).toMatchObject({ updated: 0 });
        expect(await read(message('a', { text: 'second' }), 5_001)).toMatchObject({ updated: 1 });
        expect(await held('a')).toMatchObject({ text: 'second', editedAt: '1970-01-01T00:00:05.000Z' });
      });

      it('changes nothing where it was pushed, or where edits have dates', async () => {
        const { instanceId, id, push, edit, held } = await room();
        await push(message('a'));
        await edit('live', edited('a', 'first', 5_000));
        await push(message('a', { text: 'pushed' }));
        await rig.step(instanceId, (tx) =>
          tx.upsertMessages(instanceId, id, 'sync', [message('a', { text: 'stale' })], NOW),
        );
        expect(await held('a')).toMatchObject({ text: 'first' });
      });
    });

    describe('two edits in one second', () => {
      it('count in the order in which they happened, together or one by one', async () => {
        const { push, edit, held } = await room();
        await push(message('a'), message('b'));
        await edit('live', edited('a', 'first', 5_000), edited('a', 'second', 5_000), edited('a', 'older', 4_000));
        await edit('live', edited('b', 'first', 5_000));
        await edit('live', edited('b', 'second', 5_000));
        expect([await held('a'), await held('b')]).toMatchObject([{ text: 'second' }, { text: 'second' }]);
      });

      it('are not told apart by a history, which takes nothing back', async () => {
        const { push, edit, held } = await room();
        await push(message('a'));
        await edit('live', edited('a', 'second', 5_000));
        expect(await edit('history', edited('a', 'first', 5_000), edited('b', 'of nobody', 5_000))).toEqual(['a']);
        expect(await held('a')).toMatchObject({ text: 'second' });
        await edit('history', edited('a', 'third', 6_000));
        expect(await held('a')).toMatchObject({ text: 'third' });
      });
    });

    describe('a change that comes before its message', () => {
      it('waits, and is used up by it', async () => {
        const { keep, push, apply, held, waiting, externalId } = await room();
        await keep({ edited: [edited('a', 'first', 5_000), edited('a', 'second', 5_000)], deleted: ['b', 'a', 'b'] });
        await keep({ edited: [edited('a', 'older', 4_000)] }, NOW + 1);
        expect(await waiting()).toEqual([externalId]);
        await apply();
        expect(await waiting()).toEqual([externalId]);
        await push(message('a'), message('b'), message('c'));
        await apply();
        const deletedAt = new Date(NOW).toISOString();
        expect(await held('a')).toMatchObject({ text: 'second', editedAt: '1970-01-01T00:00:05.000Z', deletedAt });
        expect(await held('b')).toMatchObject({ text: 'Text of b', editedAt: null, deletedAt });
        expect(await held('c')).toMatchObject({ deletedAt: null });
        expect(await waiting()).toEqual([]);
      });

      it('says nothing to a message that is held with a later edit, or was asked for after it', async () => {
        const { keep, push, apply, held, waiting } = await room();
        await keep({ edited: [edited('a', 'first', 5_000), edited('b', 'first', 5_000)] });
        await push(edited('a', 'second', 6_000), message('b', { text: 'second' }));
        await apply(NOW + 1);
        expect(await held('a')).toMatchObject({ text: 'second', editedAt: '1970-01-01T00:00:06.000Z' });
        expect(await held('b')).toMatchObject({ text: 'second', editedAt: '1970-01-01T00:00:05.000Z' });
        expect(await waiting()).toEqual([]);
      });

      it('meets no message of another conversation or instance', async () => {
        const [one, other] = [await room(), await room()];
        await one.keep({ deleted: ['a'] });
        await one.keep({ deleted: ['a'] }, NOW, 'elsewhere');
        await other.push(message('a'));
        await other.apply();
        expect(await other.held('a')).toMatchObject({ deletedAt: null });
        expect(await one.waiting()).toHaveLength(2);
      });

      it('waits under the id that counts, once that is known', async () => {
        const { instanceId, externalId, keep, push, apply, held, waiting } = await room();
        await keep({ edited: [edited('a', 'first', 5_000)] }, NOW, 'alias');
        await keep({ edited: [edited('a', 'second', 6_000)] });
        await keep({ edited: [edited('b', 'odd \0 text', 5_000)] }, NOW, 'alias');
        await rig.step(instanceId, (tx) => tx.moveWaiting(instanceId, 'alias', externalId));
        expect(await waiting()).toEqual([externalId]);
        await push(message('a'), message('b'));
        await apply();
        expect([await held('a'), await held('b')]).toMatchObject([{ text: 'second' }, { text: 'odd  text' }]);
      });

      it('waits for 90 days, and no longer than its instance', async () => {
        const [old, gone] = [await room(), await room()];
        const sweep = () => Effect.runPromise(rig.db.retention.sweep(DEFAULT_SETTINGS, NOW + 90 * DAY_MS));
        await old.keep({ deleted: ['a'] }, NOW);
        await old.keep({ deleted: ['b'] }, NOW - 1, 'elsewhere');
        await sweep();
        expect(await old.waiting()).toEqual([old.externalId]);
        await gone.keep({ deleted: ['a'] });
        await Effect.runPromise(Effect.andThen(rig.db.registry.remove(gone.instanceId), rig.db.removalsSettled));
        expect(await gone.waiting()).toEqual([]);
      });
    });

    it('are kept when two conversations turn out to be one, whichever of them knew of it', async () => {
      const instanceId = await rig.instance();
      const [gone, kept] = [
        await rig.conversation(instanceId, { externalId: ExternalId.make('lid') }),
        await rig.conversation(instanceId, { externalId: ExternalId.make('phone') }),
      ];
      await rig.step(instanceId, async (tx) => {
        for (const id of [gone, kept])
          await tx.upsertMessages(instanceId, id, 'push', [message('a'), message('b')], NOW);
        await tx.applyEdits(gone, [edited('a', 'edited', 5_000), edited('b', 'first', 5_000)], 'live');
        await tx.applyEdits(kept, [edited('b', 'second', 6_000)], 'live');
        await tx.mergeConversations(instanceId, 'lid', 'phone');
        await tx.bringOver(instanceId, 100);
      });
      const rows = await rig.rows(
        'SELECT external_id AS id, text FROM omni_events WHERE conversation_id = $1 ORDER BY external_id',
        [kept],
      );
      expect(rows).toEqual([
        { id: 'a', text: 'edited' },
        { id: 'b', text: 'second' },
      ]);
    });
  });
};
