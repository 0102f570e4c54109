import { beforeEach, describe, expect, it } from 'vitest';
import type { SyncJobContext } from '../../../machines/sync-job-context.ts';
import type { ConversationChanges, MessagePage, PushedHistory } from '../../../src/channels/channel.ts';
import { ExternalId, type InstanceId } from '../../../src/domain/ids.ts';
import type { Message } from '../../../src/domain/message.ts';
import { Leftovers } from '../../../src/sync/arriving/leftovers.ts';
import { storeLive } from '../../../src/sync/arriving/store-live.ts';
import { storePush } from '../../../src/sync/arriving/store-push.ts';
import { RecentChanges } from '../../../src/sync/changes/recent-changes.ts';
import { WaitingChanges } from '../../../src/sync/changes/waiting-changes.ts';
import { storeMessagePage } from '../../../src/sync/reading/store-page.ts';
import { MemoryStore } from '../memory-store.ts';
import { CHAT, PhoneModel } from '../reading/phone-model.ts';

const LID = { ...CHAT, externalId: ExternalId.make('lid') };
const PHONE = { ...CHAT, externalId: ExternalId.make('phone') };

let store: MemoryStore;
let now: number;
let life: { changes: RecentChanges; waiting: WaitingChanges; leftovers: Leftovers };
let pushes: number;

/** What was only remembered is gone. */
const restart = (): void => {
  life = { changes: new RecentChanges(), waiting: new WaitingChanges(), leftovers: new Leftovers() };
};

beforeEach(() => {
  store = new MemoryStore();
  now = 1_000_000;
  pushes = 0;
  restart();
});

const message: Message = { ...new PhoneModel(() => 'm').post(10_000), text: 'as it was' };
const edit = (text: string, editedAt = 900_000): Message => ({ ...message, text, editedAt, timestamp: editedAt });

const storing = () => ({
  ...life,
  tx: store,
  instanceId: 'instance' as InstanceId,
  channel: 'whatsapp' as const,
  hasAliases: true,
  at: ++now,
});

const edited = (conversation: typeof CHAT, ...edits: readonly Message[]) =>
  storeLive(storing(), { type: 'messagesEdited', messages: edits.map((one) => ({ conversation, message: one })) });

const deleted = (conversation: typeof CHAT, onlyHeld?: true) =>
  storeLive(storing(), {
    type: 'messagesDeleted',
    conversationExternalId: conversation.externalId,
    externalIds: ['m'],
    ...(onlyHeld === undefined ? {} : { onlyHeld }),
  });

const pushed = (history: Partial<PushedHistory>) =>
  storePush(storing(), {
    type: 'pushRead',
    pushId: ++pushes,
    history: { spans: [], changes: [], isLive: false, contacts: [], aliases: [], problems: [], ...history },
    settled: () => {},
  });

const span = (conversation: typeof CHAT, ...messages: readonly Message[]) => ({
  conversation,
  messages,
  malformed: [],
  atStart: false,
});

const changesOf = (edits: readonly Message[], gone: readonly string[] = []): readonly ConversationChanges[] => [
  { conversationExternalId: CHAT.externalId, edited: edits, deleted: gone },
];

/** The page that a job asked for at `requestedAt`. */
const read = async (requestedAt: number, shown: Message, changes?: MessagePage['changes']): Promise<void> => {
  const place = { at: shown.timestamp, id: shown.externalId };
  const conversation = store.conversations.get(CHAT.externalId);
  if (conversation === undefined) throw new Error('There is no conversation.');
  const job = { config: { until: null, refresh: true } } as SyncJobContext;
  const walk = {
    kind: 'messages' as const,
    run: 'run',
    conversationId: conversation.id,
    ordinal: conversation.ordinal,
    externalId: CHAT.externalId,
    name: null,
    newest: null,
    before: { at: 20_000, id: 'above' },
    top: { at: 20_000, id: 'above' },
    floor: { at: 0, id: null },
    since: 0,
    startsAt: 0,
  };
  const page = { messages: [shown], newest: place, oldest: place, atStart: false, malformed: [], requestedAt };
  await storeMessagePage(
    { ...storing(), job, readsBelow: 'held' },
    walk,
    { ...page, quota: null, ...(changes === undefined ? {} : { changes }) },
    null,
  );
};

const held = (conversation = CHAT) => {
  const id = store.conversations.get(conversation.externalId)?.id;
  return id === undefined ? undefined : store.messagesOf(id).get('m');
};

describe('an edit whose message is not stored yet', () => {
  it('is there when its message comes, though the process died in between', async () => {
    await edited(CHAT, edit('edited'));
    restart();
    await pushed({ spans: [span(CHAT, message)] });
    expect(held()).toMatchObject({ text: 'edited', editedAt: 900_000, timestamp: 10_000 });
  });

  it('comes to a message that is held under the other id of its conversation, once that is known', async () => {
    await pushed({ spans: [span(PHONE, message)] });
    await edited(LID, edit('edited'));
    restart();
    const alias = { alias: LID.externalId, externalId: PHONE.externalId, phone: null };
    await storeLive(storing(), { type: 'aliasesLearned', aliases: [alias] });
    expect(held(PHONE)).toMatchObject({ text: 'edited' });
  });

  it('waits as a deletion does, and the newest of several counts', async () => {
    await edited(CHAT, edit('first'), edit('second'));
    await edited(CHAT, edit('older', 800_000));
    await deleted(CHAT);
    restart();
    await pushed({ spans: [span(CHAT, message)] });
    expect(held()).toMatchObject({ text: 'second' });
    expect(held()?.deletedAt).not.toBeNull();
  });

  it('is no edit where it only turned out that something was never a message', async () => {
    await deleted(CHAT, true);
    restart();
    await pushed({ spans: [span(CHAT, message)] });
    expect(held()?.deletedAt).toBeNull();
  });
});

describe('edits and deletions that a history tells', () => {
  it('are stored with what was pushed, and wait where their message is not there', async () => {
    await pushed({ spans: [span(CHAT, message)], changes: changesOf([edit('edited')]) });
    expect(held()).toMatchObject({ text: 'edited' });
    await pushed({ changes: changesOf([], ['m', 'later']) });
    expect(held()?.deletedAt).not.toBeNull();
    restart();
    await pushed({ spans: [span(CHAT, { ...message, externalId: ExternalId.make('later') })] });
    const id = store.conversations.get(CHAT.externalId)?.id;
    expect(id && store.messagesOf(id).get('later')?.deletedAt).not.toBeNull();
  });

  it('are stored with the page', async () => {
    await pushed({ spans: [span(CHAT)] });
    await read(now, message, { edited: [edit('edited')], deleted: [] });
    expect(held()).toMatchObject({ text: 'edited' });
    await read(now, message, { edited: [], deleted: ['m'] });
    expect(held()?.deletedAt).not.toBeNull();
  });

  it('take back no edit of the same second that came live', async () => {
    await pushed({ spans: [span(CHAT, message)] });
    await edited(CHAT, edit('first'), edit('second'));
    await pushed({ changes: changesOf([edit('first')]) });
    expect(held()).toMatchObject({ text: 'second' });
  });
});

describe('a change that was kept until it could be stored', () => {
  it('is stored in the order in which it happened, also where both fell into one second', async () => {
    await pushed({ spans: [span(CHAT, message)] });
    for (const text of ['first', 'second']) await pushed({ isLive: true, changes: changesOf([edit(text)]) });
    expect(held()).toMatchObject({ text: 'second' });
  });

  it('makes no conversation, and tells the jobs of nothing', async () => {
    expect(await pushed({ isLive: true, changes: changesOf([edit('edited')]) })).toEqual({ mail: [], stored: 0 });
    expect(store.conversations.size).toBe(0);
  });
});

describe('a page that shows edits without dates', () => {
  beforeEach(async () => {
    await pushed({ spans: [span(CHAT, message)] });
    await edited(CHAT, edit('first'));
  });

  it('repairs an edit that was lost, also after one that was not', async () => {
    await read(++now, { ...message, text: 'second' });
    expect(held()).toMatchObject({ text: 'second', editedAt: 900_000 });
  });

  it('takes back no edit that was made after it was asked for, also where that waits for its message', async () => {
    const askedAt = now;
    await edited(CHAT, edit('second'));
    await read(askedAt, { ...message, text: 'first' });
    expect(held()).toMatchObject({ text: 'second' });

    const other = { ...message, externalId: ExternalId.make('m2') };
    const earlier = now;
    await edited(CHAT, { ...edit('edited'), externalId: other.externalId });
    restart();
    await read(earlier, other);
    const id = store.conversations.get(CHAT.externalId)?.id;
    expect(id && store.messagesOf(id).get('m2')).toMatchObject({ text: 'edited' });
  });

  it('is what a message says, whatever waited for it before', async () => {
    const other = { ...message, externalId: ExternalId.make('m2') };
    await edited(CHAT, { ...edit('edited'), externalId: other.externalId });
    await read(now + 10, { ...other, text: 'edited again' });
    const id = store.conversations.get(CHAT.externalId)?.id;
    expect(id && store.messagesOf(id).get('m2')).toMatchObject({ text: 'edited again' });
  });

  it('is older than an edit that was pushed to us live: a push takes nothing back', async () => {
    await pushed({ spans: [span(CHAT, { ...message, text: 'before all that' })] });
    expect(held()).toMatchObject({ text: 'first' });
  });
});
