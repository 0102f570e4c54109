import { proto } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import { AddressBook } from '../../../../src/channels/whatsapp/addresses/address-book.ts';
import { liveEvents } from '../../../../src/channels/whatsapp/session/live-events.ts';

const CHAT = '491571000001@s.whatsapp.net';
const book = new AddressBook({ own: () => ({ id: '491700000001:1@s.whatsapp.net' }), pairsOf: async () => null });
const { messages } = liveEvents({ book, now: () => 1_700_000_100_000 });
const { Type } = proto.Message.ProtocolMessage;

const told = (id: string, protocolMessage: proto.Message.IProtocolMessage | null) =>
  messages(
    [
      {
        key: { remoteJid: CHAT, id, fromMe: false },
        messageTimestamp: 1_700_000_000,
        ...(protocolMessage === null
          ? { messageStubType: proto.WebMessageInfo.StubType.CIPHERTEXT }
          : { message: { protocolMessage } }),
      },
    ],
    'now',
  );

const deleted = (externalId: string) => ({
  type: 'messagesDeleted',
  conversationExternalId: CHAT,
  externalIds: [externalId],
});
const wasNone = (externalId: string) => ({ ...deleted(externalId), onlyHeld: true });

it('keeps what cannot be read as a message, and no longer once it turns out to be none', async () => {
  expect(await told('STANZA', null)).toMatchObject([
    { type: 'messagesArrived', messages: [{ message: { externalId: 'STANZA', type: 'unknown', text: null } }] },
  ]);
  const key = { remoteJid: CHAT, id: 'TARGET', fromMe: false };
  expect(await told('STANZA', { key, type: Type.REVOKE })).toEqual([deleted('TARGET'), wasNone('STANZA')]);
  expect(await told('STANZA', { type: Type.APP_STATE_SYNC_KEY_REQUEST })).toEqual([wasNone('STANZA')]);
  const edit = {
    key,
    type: Type.MESSAGE_EDIT,
    editedMessage: { conversation: 'hello' },
    timestampMs: 1_700_000_001_000,
  };
  expect(await told('STANZA', edit)).toMatchObject([
    { type: 'messagesEdited', messages: [{ message: { externalId: 'TARGET', text: 'hello' } }] },
    wasNone('STANZA'),
  ]);
  // A phone may send an edit under the very id of the message.
  expect((await told('TARGET', edit)).map(({ type }) => type)).toEqual(['messagesEdited']);
});
