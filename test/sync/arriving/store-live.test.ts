import { describe, expect, it } from 'vitest';
import type { InstanceId } from '../../../src/domain/ids.ts';
import type { Message } from '../../../src/domain/message.ts';
import { Leftovers } from '../../../src/sync/arriving/leftovers.ts';
import { storeLive } from '../../../src/sync/arriving/store-live.ts';
import { RecentChanges } from '../../../src/sync/changes/recent-changes.ts';
import { WaitingChanges } from '../../../src/sync/changes/waiting-changes.ts';
import { MemoryStore } from '../memory-store.ts';
import { CHAT, PhoneModel } from '../reading/phone-model.ts';

const storingIn = (store: MemoryStore) => ({
  tx: store,
  instanceId: 'instance' as InstanceId,
  channel: 'whatsapp' as const,
  hasAliases: true,
  changes: new RecentChanges(),
  waiting: new WaitingChanges(),
  leftovers: new Leftovers(),
  at: 1_000_000,
});

const arrive = async (store: MemoryStore, continuity: string, ...messages: readonly Message[]): Promise<void> => {
  await storeLive(storingIn(store), {
    type: 'messagesArrived',
    continuity,
    messages: messages.map((message) => ({ conversation: CHAT, message })),
  });
};

describe('what arrives live', () => {
  it('is stored, but neither a reaction nor what cannot be read is a place from which a phone could go on', async () => {
    const store = new MemoryStore();
    let ids = 0;
    const phone = new PhoneModel(() => `m${++ids}`);
    const [first, thumb, riddle, last] = [10, 20, 30, 40].map((at) => phone.post(at)) as [
      Message,
      Message,
      Message,
      Message,
    ];
    await arrive(store, 'now', first, { ...thumb, type: 'reaction' }, { ...riddle, type: 'unknown' });
    const id = store.conversations.get(CHAT.externalId)?.id;
    if (id === undefined) throw new Error('There is no conversation.');
    expect([...store.messagesOf(id).keys()]).toEqual(['m1', 'm2', 'm3']);
    expect(store.spansHeld.get(id)).toMatchObject([{ newest: { id: 'm1' }, oldest: { id: 'm1' } }]);

    await arrive(store, 'later', { ...thumb, type: 'reaction' }, last);
    expect(store.spansHeld.get(id)).toMatchObject([
      { newest: { id: 'm4' }, oldest: { id: 'm4' }, continuity: 'later' },
      { newest: { id: 'm1' }, oldest: { id: 'm1' } },
    ]);
  });

  it('leaves a gap where a message came that cannot be read, unless it is held', async () => {
    const store = new MemoryStore();
    let ids = 0;
    const phone = new PhoneModel(() => `m${++ids}`);
    const [first, second, third] = [10, 20, 30].map((at) => phone.post(at)) as [Message, Message, Message];
    const miss = (externalId: string) =>
      storeLive(storingIn(store), { type: 'messageMissed', conversationExternalId: CHAT.externalId, externalId });
    await miss('of a chat that nobody knows');
    await arrive(store, 'now', first);
    await miss(first.externalId);
    await arrive(store, 'now', second);
    const id = store.conversations.get(CHAT.externalId)?.id;
    if (id === undefined) throw new Error('There is no conversation.');
    expect(store.spansHeld.get(id)).toMatchObject([{ newest: { id: 'm2' }, oldest: { id: 'm1' } }]);

    await miss('lost');
    await arrive(store, 'now', third);
    expect(store.spansHeld.get(id)).toMatchObject([
      { newest: { id: 'm3' }, oldest: { id: 'm3' }, continuity: 'now' },
      { newest: { id: 'm2' }, oldest: { id: 'm1' }, continuity: null },
    ]);
  });
});
