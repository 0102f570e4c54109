import { proto } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import type { ConnectionReport } from '../../../../src/channels/channel.ts';
import { AddressBook } from '../../../../src/channels/whatsapp/addresses/address-book.ts';
import { AccountEvents } from '../../../../src/channels/whatsapp/session/account-events.ts';

const CHAT = '491571000001@s.whatsapp.net';

it('takes a message for what it was when it was heard, whatever Baileys merges into it before its turn', async () => {
  const { promise, resolve } = Promise.withResolvers<ConnectionReport>();
  const events = new AccountEvents({
    book: new AddressBook({ own: () => ({ id: '491700000001:1@s.whatsapp.net' }), pairsOf: async () => null }),
    now: () => 1_700_000_100_000,
    tell: resolve,
    onFault: (fault) => expect.fail(String(fault)),
  });
  const key = { remoteJid: CHAT, id: 'MESSAGE', fromMe: false };
  const info = { key, messageTimestamp: 1_700_000_000, message: { conversation: 'hello' } };
  events.hear({ 'messages.upsert': { messages: [info], type: 'notify' } }, 'now');
  // As `event-buffer.js` does with a `messages.update` of a deletion.
  Object.assign(info, { message: null, messageStubType: proto.WebMessageInfo.StubType.REVOKE });
  Object.assign(info.key, { id: 'REVOKE' });
  expect(await promise).toMatchObject({
    type: 'messagesArrived',
    messages: [{ message: { externalId: 'MESSAGE', type: 'text', text: 'hello' } }],
  });
});
