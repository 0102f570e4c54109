import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExternalId, type InstanceId } from '../../src/domain/ids.ts';
import type { Message } from '../../src/domain/message.ts';
import { listedConversation, type StoreDriver, StoreRig } from './store-driver.ts';

const AT = Date.parse('2026-06-01T12:00:00Z');
const PHONE = '4915112345678@s.whatsapp.net';
const LID = '81723645918273@lid';

const message = (externalId: string, at: number, senderId: string | null = null): Message => ({
  externalId: ExternalId.make(externalId),
  senderId,
  isFromMe: false,
  type: 'text',
  text: externalId,
  payload: null,
  timestamp: at,
  editedAt: null,
});

/** What becomes of conversations and senders when two ids turn out to be one account. */
export const aliasStoreContract = (driver: StoreDriver): void => {
  describe(`two ids of one account on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig.close();
      await driver.dispose();
    });

    const learn = (id: InstanceId) =>
      rig.step(id, async (tx) => {
        const alias = { alias: ExternalId.make(LID), externalId: ExternalId.make(PHONE), phone: '+4915112345678' };
        await tx.learnAliases(id, 'whatsapp', [alias], AT);
        return tx.mergeConversations(id, LID, PHONE);
      });
    /** Batch by batch, as many messages at once. Returns how many batches it took. */
    const bringOver = async (id: InstanceId, limit = 100): Promise<number> => {
      for (let batches = 1; ; batches++) {
        if (!(await rig.step(id, (tx) => tx.bringOver(id, limit)))) return batches;
      }
    };

    it('rename a conversation that was known by the alias only', async () => {
      const id = await rig.instance();
      const conversationId = await rig.conversation(id, { externalId: ExternalId.make(LID) });
      expect(await learn(id)).toBeNull();
      const found = await rig.step(id, (tx) => tx.conversation(id, PHONE));
      expect(found?.id).toBe(conversationId);
    });

    it('make one conversation of two, with every message once', async () => {
      const id = await rig.instance();
      const gone = await rig.conversation(id, { externalId: ExternalId.make(LID) });
      const kept = await rig.conversation(id, { externalId: ExternalId.make(PHONE) });
      await rig.step(id, async (tx) => {
        await tx.upsertMessages(id, gone, 'push', [message('a', AT), message('both', AT + 1)], AT);
        await tx.upsertMessages(id, kept, 'live', [message('both', AT + 1), message('c', AT + 2)], AT);
        await tx.markDeleted(gone, ['both'], AT + 3);
      });
      expect(await learn(id)).toEqual({ gone, kept });
      await bringOver(id);
      const rows = await rig.rows<{ externalId: string; deleted: boolean }>(
        `SELECT external_id AS "externalId", deleted_at IS NOT NULL AS deleted FROM omni_events
         WHERE instance_id = $1 AND conversation_id = $2 ORDER BY timestamp`,
        [id, kept],
      );
      expect(rows).toEqual([
        { externalId: 'a', deleted: false },
        { externalId: 'both', deleted: true },
        { externalId: 'c', deleted: false },
      ]);
      const counts = await rig.rows(
        'SELECT id, event_count::float8 AS events FROM conversations WHERE instance_id = $1',
        [id],
      );
      expect(counts).toEqual([{ id: kept, events: 3 }]);
      expect(await rig.step(id, (tx) => tx.resolveAliases(id, [LID, 'unknown']))).toEqual(new Map([[LID, PHONE]]));
    });

    it('name senders by the one that counts', async () => {
      const [id, other] = [await rig.instance(), await rig.instance()];
      for (const one of [id, other]) {
        const conversationId = await rig.conversation(one);
        const messages = [message('a', AT, LID), message('b', AT, 'somebody else')];
        await rig.step(one, (tx) => tx.upsertMessages(one, conversationId, 'push', messages, AT));
      }
      await learn(id);
      await bringOver(id);
      const senders = async (one: InstanceId) =>
        (
          await rig.rows<{ sender: string }>(
            'SELECT sender_id AS sender FROM omni_events WHERE instance_id = $1 ORDER BY external_id',
            [one],
          )
        ).map(({ sender }) => sender);
      expect(await senders(id)).toEqual([PHONE, 'somebody else']);
      expect(await senders(other)).toEqual([LID, 'somebody else']);
      expect(await rig.step(id, (tx) => tx.conversationsNamed(id, [LID, PHONE]))).toEqual([]);
    });

    it('bring over as much in one step as they may, and lose and double nothing in between', async () => {
      const id = await rig.instance();
      const gone = await rig.conversation(id, { externalId: ExternalId.make(LID) });
      const kept = await rig.conversation(id, { externalId: ExternalId.make(PHONE) });
      const ids = Array.from({ length: 7 }, (_, index) => `m${index}`);
      await rig.step(id, async (tx) => {
        await tx.upsertMessages(
          id,
          gone,
          'push',
          ids.map((one, index) => message(one, AT + index, LID)),
          AT,
        );
        await tx.upsertMessages(id, kept, 'live', [message('m3', AT + 3, PHONE), message('m8', AT + 8, LID)], AT);
      });
      expect(await learn(id)).toEqual({ gone, kept });
      const held = () =>
        rig.rows<{ id: string; conversation: string; sender: string }>(
          `SELECT external_id AS id, conversation_id AS conversation, sender_id AS sender
           FROM omni_events WHERE instance_id = $1 ORDER BY external_id`,
          [id],
        );
      for (let batch = 1; batch <= 2; batch++) {
        const before = await held();
        expect(await rig.step(id, (tx) => tx.bringOver(id, 3))).toBe(true);
        const after = await held();
        expect(new Set(after.map((row) => row.id))).toEqual(new Set([...ids, 'm8']));
        const touched = before.filter(
          (row) => !after.some((now) => now.id === row.id && now.conversation === row.conversation),
        );
        expect(touched.length).toBeLessThanOrEqual(3);
        // Nobody reads it any more, and nobody brings it back.
        await rig.step(id, (tx) =>
          tx.upsertConversations(id, [listedConversation({ externalId: ExternalId.make(LID) })], AT),
        );
        const scope = { channelId: null, conversationIds: null };
        const readable = await rig.step(id, (tx) => tx.conversationsAfter(id, scope, 0, 10));
        expect(readable.map((one) => one.id)).toEqual([kept]);
      }
      expect(await Effect.runPromise(rig.db.sync.hasLeftovers(id))).toBe(true);
      expect(await bringOver(id, 3)).toBeGreaterThan(2);
      expect(await held()).toEqual([...ids, 'm8'].map((one) => ({ id: one, conversation: kept, sender: PHONE })));
      expect(await Effect.runPromise(rig.db.sync.hasLeftovers(id))).toBe(false);
      const counts = await rig.rows(
        'SELECT id, event_count::float8 AS events FROM conversations WHERE instance_id = $1',
        [id],
      );
      expect(counts).toEqual([{ id: kept, events: 8 }]);
    });

    it('lead on what was still on its way, and bring edits to what comes over later', async () => {
      const id = await rig.instance();
      const [first, second, third] = [
        await rig.conversation(id, { externalId: ExternalId.make('a') }),
        await rig.conversation(id, { externalId: ExternalId.make('b') }),
        await rig.conversation(id, { externalId: ExternalId.make('c') }),
      ];
      await rig.step(id, async (tx) => {
        await tx.upsertMessages(id, first, 'push', [message('m1', AT), message('m2', AT)], AT);
        expect(await tx.mergeConversations(id, 'a', 'b')).toEqual({ gone: first, kept: second });
        expect(await tx.mergeConversations(id, 'b', 'c')).toEqual({ gone: second, kept: third });
        await tx.keepWaiting(id, 'c', { edited: [], deleted: ['m2'] }, AT);
      });
      await bringOver(id, 1);
      const rows = await rig.rows(
        `SELECT external_id AS id, deleted_at IS NOT NULL AS deleted FROM omni_events
         WHERE conversation_id = $1 ORDER BY external_id`,
        [third],
      );
      expect(rows).toEqual([
        { id: 'm1', deleted: false },
        { id: 'm2', deleted: true },
      ]);
      expect(await rig.rows('SELECT id FROM conversations WHERE instance_id = $1', [id])).toEqual([{ id: third }]);
    });

    it('look at the messages of one sender once, however many instances hold some', async () => {
      const [id, other] = [await rig.instance(), await rig.instance()];
      for (const one of [id, other]) {
        const conversationId = await rig.conversation(one);
        const messages = Array.from({ length: 6 }, (_, index) => message(`s${index}`, AT + (index >> 1), LID));
        await rig.step(one, (tx) => tx.upsertMessages(one, conversationId, 'push', messages, AT));
      }
      await learn(id);
      // Twelve rows, and four of them at each instant.
      expect(await bringOver(id, 3)).toBe(4);
      const senders = async (one: InstanceId) =>
        new Set(
          (
            await rig.rows<{ sender: string }>('SELECT sender_id AS sender FROM omni_events WHERE instance_id = $1', [
              one,
            ])
          ).map(({ sender }) => sender),
        );
      expect(await senders(id)).toEqual(new Set([PHONE]));
      expect(await senders(other)).toEqual(new Set([LID]));
    });

    it('change nothing where neither was met', async () => {
      const id = await rig.instance();
      expect(await learn(id)).toBeNull();
      expect(await rig.rows('SELECT id FROM conversations WHERE instance_id = $1', [id])).toEqual([]);
    });
  });
};
