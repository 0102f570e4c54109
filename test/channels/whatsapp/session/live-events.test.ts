import { proto } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import { AddressBook } from '../../../../src/channels/whatsapp/addresses/address-book.ts';
import { liveEvents } from '../../../../src/channels/whatsapp/session/live-events.ts';

const CHAT = '491571000001@s.whatsapp.net';
const book = new AddressBook({ own: () => ({ id: '491700000001:1@s.whatsapp.net' }), pairsOf: async () => null });
const { messages, groups, participants } = liveEvents({ book, now: () => 1_700_000_100_000 });
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

const GROUP = '120363000000000001@g.us';
const [MET, LID] = ['491571000002@s.whatsapp.net', '700000000000002@lid'];

it('tells of who joins a group, and who is in a new one, as contacts first', async () => {
  const member = { id: LID, phoneNumber: MET, admin: null };
  const contact = { externalId: MET, aliases: [LID], phone: '+491571000002', names: {} };
  const joined = await participants({ id: GROUP, author: CHAT, action: 'add', participants: [member] });
  expect(joined).toMatchObject([
    { type: 'contactsArrived', contacts: [contact] },
    { type: 'membersJoined', members: { groupExternalId: GROUP, members: [{ contactExternalId: MET }] } },
  ]);
  const founded = await groups([{ id: GROUP, subject: 'New', owner: undefined, participants: [member] }]);
  expect(founded).toMatchObject([
    { type: 'contactsArrived', contacts: [contact] },
    { type: 'groupsChanged', groups: [{ name: 'New' }], members: [{ members: [{ contactExternalId: MET }] }] },
    { type: 'conversationsChanged' },
  ]);
});

it('tells what changed about a group, and nothing of what is not kept', async () => {
  const amended = async (change: object) =>
    (await groups([{ id: GROUP, ...change }])).filter(({ type }) => type === 'groupsAmended');
  const told = (change: object) => [{ type: 'groupsAmended', groups: [{ externalId: GROUP, ...change }] }];
  expect(await amended({ subject: 'Renamed' })).toEqual(told({ name: 'Renamed' }));
  expect(await amended({ desc: 'Roses' })).toEqual(told({ description: 'Roses' }));
  expect(await amended({ desc: undefined })).toEqual(told({ description: null }));
  expect(await amended({ announce: true, restrict: false })).toEqual(
    told({ metadata: { onlyAdminsWrite: true, onlyAdminsChangeSettings: false } }),
  );
  expect(await amended({ inviteCode: 'x' })).toEqual([]);
});
