import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import { Effect } from 'effect';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressBook } from '../../../../src/channels/whatsapp/addresses/address-book.ts';
import { readHistory } from '../../../../src/channels/whatsapp/history/history-blob.ts';
import { readChunk } from '../../../../src/channels/whatsapp/history/history-chunk.ts';

const NOW = 1_790_000_000_000;
const OWN = '491700000001@s.whatsapp.net';
const ADA = '491571000001@s.whatsapp.net';
const ADA_LID = '111111111111111@lid';
const GROUP = '120363000000000001@g.us';
const SECOND = 1_780_000_000;

const book = (known: readonly { readonly lid: string; readonly pn: string }[] = []): AddressBook =>
  new AddressBook({
    own: () => ({ id: '491700000001:3@s.whatsapp.net', lid: '999999999999999:3@lid' }),
    pairsOf: async (lids) => known.filter(({ lid }) => lids.includes(lid)),
  });

const message = (id: string, at: number, more: proto.IWebMessageInfo = {}): proto.IHistorySyncMsg => ({
  message: { key: { remoteJid: ADA, fromMe: false, id }, messageTimestamp: at, message: { conversation: id }, ...more },
});

const chat = (id: string, messages: proto.IHistorySyncMsg[], more: proto.IConversation = {}): proto.IConversation => ({
  id,
  messages,
  ...more,
});

const chunkOf = (
  conversations: proto.IConversation[],
  more: proto.IHistorySync = {},
  known: Parameters<typeof book>[0] = [],
) => {
  const history = proto.HistorySync.decode(
    proto.HistorySync.encode({ syncType: proto.HistorySync.HistorySyncType.RECENT, conversations, ...more }).finish(),
  );
  return readChunk({ history, book: book(known), now: NOW });
};

describe('a history', () => {
  it('knows whose LID it is by who received what the owner wrote, where the phone does not say it', async () => {
    const sent = message('M1', SECOND, {
      key: { remoteJid: ADA_LID, fromMe: true, id: 'M1' },
      userReceipt: [{ userJid: ADA }],
    });
    const received = message('M2', SECOND + 1, {
      key: { remoteJid: ADA_LID, fromMe: false, id: 'M2' },
      userReceipt: [{ userJid: OWN }],
    });
    const { pairs, spans } = await chunkOf([chat(ADA_LID, [received, sent])]);
    expect(pairs).toEqual([{ lid: ADA_LID, pn: ADA }]);
    expect(spans.map(({ conversation }) => conversation.externalId)).toEqual([ADA]);
    expect((await chunkOf([chat(ADA_LID, [received])])).pairs).toEqual([]);
  });

  it('makes no chat with somebody else part of the owner’s own', async () => {
    const { pairs, aliases, spans } = await chunkOf([chat(ADA_LID, [message('M1', SECOND)], { pnJid: OWN })], {
      phoneNumberToLidMappings: [
        { lidJid: ADA_LID, pnJid: OWN },
        { lidJid: '999999999999999@lid', pnJid: ADA },
        { lidJid: '999999999999999@lid', pnJid: OWN },
      ],
    });
    expect(pairs).toEqual([{ lid: '999999999999999@lid', pn: OWN }]);
    expect(aliases.length).toBe(1);
    expect(spans.map(({ conversation }) => conversation.externalId)).toEqual([ADA_LID]);
  });

  it('is told newest first, whichever way the phone wrote it, and keeps its order within a second', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        async (steps, isUpsideDown) => {
          let at = SECOND;
          const oldestFirst = steps.map((step, index) => {
            at += step;
            return message(`M${index}`, at);
          });
          const newestFirst = oldestFirst.toReversed().map(({ message: info }) => info?.key?.id);
          const isOneSecond = steps.slice(1).every((step) => step === 0);
          const given = isUpsideDown && !isOneSecond ? oldestFirst : oldestFirst.toReversed();
          const { spans } = await chunkOf([chat(ADA, given)]);
          expect(spans[0]?.messages.map(({ externalId }) => externalId)).toEqual(newestFirst);
        },
      ),
    );
  });

  it('knows people by their phone, where the history itself or an earlier one tells who is who', async () => {
    const { spans, aliases, contacts } = await chunkOf(
      [
        chat(ADA_LID, [message('A', SECOND, { key: { remoteJid: ADA_LID, id: 'A' } })], { pnJid: ADA, name: 'Ada' }),
        chat(GROUP, [
          message('B', SECOND, {
            key: { remoteJid: GROUP, id: 'B', participant: '222222222222222@lid' },
            participant: '222222222222222@lid',
          }),
          message('C', SECOND, {
            key: { remoteJid: GROUP, id: 'C', participant: '999999999999999@lid', fromMe: true },
          }),
        ]),
        chat('333333333333333@lid', [message('D', SECOND, { key: { remoteJid: '333333333333333@lid', id: 'D' } })]),
      ],
      { pushnames: [{ id: '222222222222222@lid', pushname: 'benny' }] },
      [{ lid: '222222222222222@lid', pn: '491571000002@s.whatsapp.net' }],
    );
    expect(spans.map(({ conversation }) => conversation.externalId)).toEqual([ADA, GROUP, '333333333333333@lid']);
    const senders = spans.flatMap(({ messages }) => messages.map(({ externalId, senderId }) => [externalId, senderId]));
    expect(Object.fromEntries(senders)).toEqual({
      A: ADA,
      B: '491571000002@s.whatsapp.net',
      C: OWN,
      D: '333333333333333@lid',
    });
    expect(aliases).toEqual([{ alias: ADA_LID, externalId: ADA, phone: '+491571000001' }]);
    const named = contacts.map(({ externalId, aliases: others, names, phone }) => [externalId, others, names, phone]);
    expect(named).toEqual([
      [ADA, [ADA_LID], { saved: 'Ada' }, '+491571000001'],
      ['333333333333333@lid', [], {}, null],
      ['491571000002@s.whatsapp.net', ['222222222222222@lid'], { pushed: 'benny' }, '+491571000002'],
    ]);
  });

  it('reaches the start of a chat only where the phone has nothing older', async () => {
    const ends = [0, 1, 2, undefined].map((end, at) =>
      chat(
        `49157100000${at}@s.whatsapp.net`,
        [],
        end === undefined ? {} : { endOfHistoryTransferType: end, endOfHistoryTransfer: true },
      ),
    );
    const { spans } = await chunkOf(ends);
    expect(spans.map(({ atStart }) => atStart)).toEqual([false, true, false, false]);
  });

  it('leaves out what is no conversation, and takes a community for one without messages', async () => {
    const { spans, contacts } = await chunkOf([
      chat('status@broadcast', [message('A', SECOND)]),
      chat('1234@broadcast', [message('B', SECOND)]),
      chat('120363000000000009@newsletter', [message('C', SECOND)]),
      chat('0@s.whatsapp.net', [message('D', SECOND)]),
      chat(GROUP, [], { isParentGroup: true, name: 'Neighbours' }),
      chat('120363000000000002@g.us', [], { parentGroupId: GROUP, name: 'Garden', createdAt: SECOND }),
    ]);
    expect(spans.map(({ conversation }) => conversation)).toMatchObject([
      { externalId: GROUP, holdsMessages: false, name: 'Neighbours' },
      { externalId: '120363000000000002@g.us', parentExternalId: GROUP, holdsMessages: true, createdAt: SECOND * 1000 },
    ]);
    expect(contacts).toEqual([]);
  });

  it('tells reactions as messages of their own, none of them later than what it proves', async () => {
    const reaction = (id: string, at: number, more: proto.IMessageKey = {}): proto.IReaction => ({
      key: { remoteJid: GROUP, id, participant: '222222222222222@lid', ...more },
      text: '👍',
      senderTimestampMs: at * 1000,
    });
    const inGroup = (id: string, at: number, reactions: proto.IReaction[] = []): proto.IHistorySyncMsg =>
      message(id, at, { key: { remoteJid: GROUP, id, participant: ADA }, participant: ADA, reactions });
    const { spans } = await chunkOf(
      [
        chat(GROUP, [
          inGroup('C', SECOND + 20, [reaction('R3', SECOND + 99)]),
          inGroup('B', SECOND + 10),
          inGroup('A', SECOND, [
            reaction('R1', SECOND + 5),
            reaction('R2', SECOND + 15, { fromMe: true }),
            { ...reaction('R4', SECOND + 6), text: '' },
          ]),
        ]),
      ],
      {},
      [{ lid: '222222222222222@lid', pn: '491571000002@s.whatsapp.net' }],
    );
    const told = spans[0]?.messages.map(({ externalId, timestamp }) => [externalId, timestamp / 1000 - SECOND]);
    expect(told).toEqual([
      ['C', 20],
      ['R3', 20],
      ['R2', 15],
      ['B', 10],
      ['R1', 5],
      ['A', 0],
    ]);
    const reactions = spans[0]?.messages.filter(({ type }) => type === 'reaction');
    expect(
      reactions?.map(({ externalId, senderId, isFromMe, payload }) => [externalId, senderId, isFromMe, payload]),
    ).toEqual([
      ['R3', '491571000002@s.whatsapp.net', false, expect.objectContaining({ reactsTo: 'C' })],
      ['R2', OWN, true, expect.objectContaining({ reactsTo: 'A' })],
      ['R1', '491571000002@s.whatsapp.net', false, expect.objectContaining({ reactsTo: 'A' })],
    ]);
  });

  it('tells of entries that are no messages, and of messages that were deleted', async () => {
    const { spans, changes } = await chunkOf([
      chat(ADA, [
        message('A', SECOND, { messageStubType: proto.WebMessageInfo.StubType.REVOKE, message: null }),
        message('', SECOND),
        message('C', 0),
      ]),
    ]);
    expect(spans[0]?.deleted).toEqual(['A']);
    expect(changes).toEqual([{ conversationExternalId: ADA, edited: [], deleted: ['A'] }]);
    expect(spans[0]?.malformed.map(({ externalId, at }) => [externalId, at])).toEqual([
      [null, SECOND * 1000],
      ['C', null],
    ]);
  });
});

describe('an edited message in a history', () => {
  const edit = (id: string, target: string, text: string, at: number): proto.IHistorySyncMsg =>
    message(id, at, {
      message: {
        editedMessage: {
          message: {
            protocolMessage: {
              key: { remoteJid: ADA, fromMe: false, id: target },
              type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
              editedMessage: { conversation: text },
              timestampMs: (at + 60) * 1000,
            },
          },
        },
      },
    });
  const told = async (...messages: proto.IHistorySyncMsg[]) => {
    const { spans, changes } = await chunkOf([chat(ADA, messages)]);
    const shown = spans[0]?.messages.map(({ externalId, text, timestamp, editedAt }) => [
      externalId,
      text,
      timestamp / 1000 - SECOND,
      editedAt === null ? null : editedAt / 1000 - SECOND,
    ]);
    return { shown, edited: changes.flatMap(({ edited }) => edited.map(({ text }) => text)) };
  };

  it('is a message where its edit is all that the phone gives, under its own id or that of the edit', async () => {
    expect(await told(message('B', SECOND + 9), edit('A', 'A', 'new', SECOND))).toEqual({
      shown: [
        ['B', 'B', 9, null],
        ['A', 'new', 0, 60],
      ],
      edited: [],
    });
    expect(await told(edit('E2', 'A', 'newest', SECOND + 5), edit('E1', 'A', 'new', SECOND))).toEqual({
      shown: [['A', 'newest', 5, 65]],
      edited: ['new'],
    });
  });

  it('stays where it is when the phone gives it besides its edits, which are told in their order', async () => {
    const entries = [edit('E2', 'A', 'newest', SECOND + 5), edit('E1', 'A', 'new', SECOND + 1), message('A', SECOND)];
    expect(await told(...entries)).toEqual({ shown: [['A', 'A', 0, null]], edited: ['new', 'newest'] });
  });
});

describe('a history file', () => {
  const read = (notification: proto.Message.IHistorySyncNotification, mediaUrl: string | null = 'http://127.0.0.1:9') =>
    Effect.runPromise(Effect.result(readHistory({ mediaUrl }, notification)));
  const failure = async (...of: Parameters<typeof read>) => {
    const result = await read(...of);
    return result._tag === 'Failure' ? result.failure._tag : 'Success';
  };

  it('may come in the notification itself', async () => {
    const history = proto.HistorySync.encode({ syncType: 3, conversations: [{ id: ADA }] }).finish();
    const result = await read({ initialHistBootstrapInlinePayload: deflateSync(history) });
    expect(result._tag === 'Success' && result.success.conversations.map(({ id }) => id)).toEqual([ADA]);
    expect(await failure({ initialHistBootstrapInlinePayload: Buffer.from('no deflate') })).toBe('BadAnswer');
  });

  it('is asked of no other host than the one for media', async () => {
    const mediaKey = Buffer.alloc(32);
    expect(await failure({ mediaKey })).toBe('BadAnswer');
    expect(await failure({ mediaKey, directPath: '//127.0.0.2:9/history' })).toBe('BadAnswer');
    expect(await failure({ mediaKey, directPath: 'https://elsewhere.example/history' }, null)).toBe('BadAnswer');
    expect(await failure({ mediaKey, directPath: '/history' })).toBe('Unreachable');
  });
});
