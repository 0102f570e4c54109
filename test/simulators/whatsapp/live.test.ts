import { normalizeMessageContent, type WAMessage } from '@whiskeysockets/baileys';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { WhatsAppSimulator } from './whatsapp-simulator.ts';
import type { Content } from './world/message.ts';
import type { WorldEdit } from './world/world-edit.ts';
import type { ChatPlan, PersonPlan, WorldPlan } from './world/world-plan.ts';

prepareBaileys();

let simulator: WhatsAppSimulator;
let client: BaileysClient;

const HOUR_MS = 3_600_000;

const world = (now: number): WorldPlan => {
  const span = { messages: 6, from: now - 9 * HOUR_MS, to: now - HOUR_MS, style: 'plain' } as const;
  const chats: readonly ChatPlan[] = [
    { kind: 'direct', with: 'Ada', ...span },
    { kind: 'direct', with: 'Ben', addressing: 'lid', ...span },
    { kind: 'direct', with: 'Cleo', addressing: 'lid', ...span },
    { kind: 'group', name: 'Choir', members: ['Ada', 'Ben', 'Cleo'], ...span },
    { kind: 'group', name: 'Old choir', members: ['Ada', 'Ben'], addressing: 'pn', ...span },
  ];
  const people: readonly PersonPlan[] = [
    { name: 'Ada', phoneNumber: '491570000001' },
    { name: 'Ben', phoneNumber: '491570000002', pushName: 'Benny' },
    { name: 'Cleo', phoneNumber: '491570000003', mapping: 'late' },
  ];
  return { accounts: [{ name: 'Owner', phoneNumber: '491700000001', people, chats }] };
};

beforeAll(async () => {
  simulator = await startWhatsAppSimulator({ seed: 7, world });
  client = new BaileysClient(simulator);
  await client.pair();
  await client.heard((events) => events['messaging-history.set']);
});

beforeEach(() => {
  client.events.length = 0;
});

afterEach(() => {
  expect(simulator.log.violations).toEqual([]);
});

afterAll(async () => {
  await client.end();
  await simulator.close();
});

const heardMessage = (id: string | null): Promise<WAMessage> =>
  client.heard((events) => events['messages.upsert']?.messages.find(({ key }) => key.id === id));

/** What the client hears of an edit that is a message. */
const hear = async (edit: WorldEdit): Promise<WAMessage> => heardMessage(await simulator.edit(edit));

const person = (name: string) => simulator.account().world.person(name);
const text = (words: string): Content => ({ type: 'text', text: words });

describe('live messages', () => {
  it('come from contacts, under phone number or LID, with the other address as far as it may be known', async () => {
    const fromAda = await hear({ edit: 'message', chat: 'Ada', from: 'Ada', content: text('hi') });
    expect(fromAda).toMatchObject({ message: { conversation: 'hi' }, pushName: 'Ada' });
    expect(fromAda.key).toMatchObject({ remoteJid: person('Ada').pn, remoteJidAlt: person('Ada').lid, fromMe: false });
    const fromBen = await hear({ edit: 'message', chat: 'Ben', from: 'Ben', content: text('ho') });
    expect(fromBen.key).toMatchObject({ remoteJid: person('Ben').lid, remoteJidAlt: person('Ben').pn });
    expect(fromBen.pushName).toBe('Benny');
    const fromCleo = await hear({ edit: 'message', chat: 'Cleo', from: 'Cleo', content: text('ha') });
    expect(fromCleo.key).toMatchObject({ remoteJid: person('Cleo').lid });
    expect(fromCleo.key.remoteJidAlt).toBeUndefined();
    const again = await hear({ edit: 'message', chat: 'Ben', from: 'Ben', content: text('by number'), address: 'pn' });
    expect(again.key).toMatchObject({ remoteJid: person('Ben').pn, remoteJidAlt: person('Ben').lid });
  });

  it('come from the phone itself', async () => {
    const { owner } = simulator.account().world;
    const toAda = await hear({ edit: 'message', chat: 'Ada', content: text('from my pocket') });
    expect(toAda).toMatchObject({
      key: { remoteJid: person('Ada').pn, fromMe: true },
      message: { conversation: 'from my pocket' },
    });
    const toBen = await hear({ edit: 'message', chat: 'Ben', content: text('too') });
    expect(toBen.key).toMatchObject({ remoteJid: person('Ben').lid, remoteJidAlt: person('Ben').pn, fromMe: true });
    const toChoir = await hear({ edit: 'message', chat: 'Choir', content: text('la') });
    expect(toChoir.key).toMatchObject({ fromMe: true, participant: owner.lid });
  });

  it('come in groups, with the sender key of each member', async () => {
    for (const words of ['one', 'two', 'three']) {
      const message = await hear({ edit: 'message', chat: 'Choir', from: 'Ada', content: text(words) });
      expect(message.message?.conversation).toBe(words);
      expect(message.key).toMatchObject({ participant: person('Ada').lid, participantAlt: person('Ada').pn });
    }
    const old = await hear({ edit: 'message', chat: 'Old choir', from: 'Ben', content: text('four') });
    expect(old.message?.conversation).toBe('four');
    expect(old.key).toMatchObject({ participant: person('Ben').pn, participantAlt: person('Ben').lid });
    const cleo = await hear({ edit: 'message', chat: 'Choir', from: 'Cleo', content: text('five') });
    expect(cleo.key.participantAlt).toBeUndefined();
  });

  it.each<[string, Content, object]>([
    ['image', { type: 'image', caption: 'see', mimetype: 'image/jpeg', size: 9 }, { imageMessage: { caption: 'see' } }],
    [
      'video',
      { type: 'video', caption: null, mimetype: 'video/mp4', size: 9 },
      { videoMessage: { mimetype: 'video/mp4' } },
    ],
    ['audio', { type: 'audio', mimetype: 'audio/ogg', size: 9, seconds: 3 }, { audioMessage: { seconds: 3 } }],
    [
      'document',
      { type: 'document', fileName: 'a.pdf', caption: 'b', mimetype: 'application/pdf', size: 9 },
      { documentMessage: { fileName: 'a.pdf', caption: 'b' } },
    ],
    ['sticker', { type: 'sticker', mimetype: 'image/webp', size: 9 }, { stickerMessage: { mimetype: 'image/webp' } }],
    [
      'location',
      { type: 'location', latitude: 1.5, longitude: 2, name: 'pier' },
      { locationMessage: { name: 'pier' } },
    ],
    [
      'contact',
      { type: 'contact', displayName: 'Zoe', phoneNumber: '4912345678' },
      { contactMessage: { displayName: 'Zoe' } },
    ],
    [
      'poll',
      { type: 'poll', question: 'when?', options: ['now', 'later'] },
      { pollCreationMessageV3: { name: 'when?' } },
    ],
  ])('carry a %s', async (_, content, expected) => {
    const message = await hear({ edit: 'message', chat: 'Ada', from: 'Ada', content });
    expect(message.message).toMatchObject(expected);
  });

  it.each(['ephemeral', 'viewOnce', 'documentWithCaption'] as const)('come wrapped as %s', async (wrapping) => {
    const content: Content = { type: 'document', fileName: 'a', caption: 'inside', mimetype: 'text/plain', size: 1 };
    const message = await hear({ edit: 'message', chat: 'Ben', from: 'Ben', content, wrapping });
    expect(message.message?.documentMessage).toBeNull();
    expect(normalizeMessageContent(message.message)?.documentMessage?.caption).toBe('inside');
  });

  it('answer, react to, edit and revoke others', async () => {
    const [first] = [...simulator.groundTruth({ chat: 'Choir' })].filter(({ isFromMe }) => isFromMe);
    const quotes = first?.messageId ?? '';
    const answer = await hear({ edit: 'message', chat: 'Choir', from: 'Ada', content: text('yes'), quotes });
    expect(answer.message?.extendedTextMessage).toMatchObject({ text: 'yes', contextInfo: { stanzaId: quotes } });

    const id = answer.key.id ?? '';
    await simulator.edit({ edit: 'react', chat: 'Choir', from: 'Ben', messageId: id, emoji: '👍' });
    const [reaction] = await client.heard((events) => events['messages.reaction']);
    expect(reaction).toMatchObject({
      key: { id, fromMe: false, participant: person('Ada').lid },
      reaction: { text: '👍' },
    });
    await simulator.edit({ edit: 'react', chat: 'Choir', from: 'Cleo', messageId: quotes, emoji: '🙏' });
    const own = await client.heard((events) =>
      events['messages.reaction']?.find(({ reaction: { text: emoji } }) => emoji === '🙏'),
    );
    expect(own.key).toMatchObject({ id: quotes, fromMe: true });

    await simulator.edit({ edit: 'editMessage', chat: 'Choir', messageId: id, text: 'no' });
    const edited = await client.heard((events) => events['messages.update']?.find(({ key }) => key.id === id));
    expect(edited.update.message?.editedMessage?.message?.conversation).toBe('no');

    client.events.length = 0;
    await simulator.edit({ edit: 'revoke', chat: 'Choir', messageId: id });
    const revoked = await client.heard((events) => events['messages.update']?.find(({ key }) => key.id === id));
    expect(revoked.update.message).toBeNull();
    expect([...simulator.deleted()].map(({ messageId }) => messageId)).toContain(id);
    expect([...simulator.groundTruth({ chat: 'Choir' })].map(({ messageId }) => messageId)).not.toContain(id);
  });

  it('tell of groups: their name, members and roles, and new ones', async () => {
    await simulator.edit({ edit: 'renameGroup', chat: 'Choir', subject: 'Great choir', by: 'Ada' });
    expect(await client.heard((events) => events['groups.update'])).toMatchObject([{ subject: 'Great choir' }]);
    client.events.length = 0;
    await simulator.edit({ edit: 'members', chat: 'Choir', change: 'remove', person: 'Ben', by: 'Ada' });
    const left = await client.heard((events) => events['group-participants.update']);
    expect(left).toMatchObject({
      action: 'remove',
      participants: [{ id: person('Ben').lid, phoneNumber: person('Ben').pn }],
    });
    await simulator.edit({ edit: 'createGroup', name: 'Quartet', members: ['Ada', 'Cleo'], by: 'Ada' });
    expect(await client.heard((events) => events['groups.upsert'])).toMatchObject([{ subject: 'Quartet' }]);
    const groups = Object.values(await client.socket.groupFetchAllParticipating());
    expect(groups.map(({ subject }) => subject).sort()).toEqual(['Great choir', 'Old choir', 'Quartet']);
    await simulator.edit({ edit: 'message', chat: 'Quartet', from: 'Cleo', content: text('hello') });
  });

  it('reveal at last that two addresses are one person', async () => {
    const { pn, lid } = person('Cleo');
    const mapping = client.socket.signalRepository.lidMapping;
    expect(await mapping.getPNForLID(lid)).toBeNull();
    await simulator.edit({ edit: 'revealMapping', person: 'Cleo' });
    await expect.poll(() => mapping.getPNForLID(lid)).toContain(pn.replace('@', ':0@'));
    const message = await hear({ edit: 'message', chat: 'Cleo', from: 'Cleo', content: text('it is me') });
    expect(message.key).toMatchObject({ remoteJid: lid, remoteJidAlt: pn });
  });

  it('wait for a device that is away, and come with its next login', async () => {
    await client.end();
    const ids = [
      await simulator.edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: text('while you were out') }),
      await simulator.edit({ edit: 'message', chat: 'Choir', from: 'Ada', content: text('and in the choir') }),
      await simulator.edit({ edit: 'renameGroup', chat: 'Choir', subject: 'Choir' }),
    ];
    await simulator.edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: text('unheard'), silent: true });
    expect(simulator.account().linked[0]?.waiting).toHaveLength(3);
    client.connect();
    for (const id of ids.slice(0, 2)) expect((await heardMessage(id)).message).not.toBeNull();
    await expect.poll(() => simulator.account().linked[0]?.waiting).toEqual([]);
    await client.opened();
  });

  it('use up one-time keys, of which the server asks for more in time', async () => {
    const keys = simulator.account().linked[0]?.state.preKeys ?? [];
    keys.splice(0, keys.length - 5);
    await simulator.edit({ edit: 'newChat', person: { name: 'Dan', phoneNumber: '491570000009' } });
    await hear({ edit: 'message', chat: 'Dan', from: 'Dan', content: text('we have not met') });
    await expect.poll(() => keys.length).toBeGreaterThan(5);
  });

  it('come anew when the device cannot read them', async () => {
    const keys = client.auth.keys;
    const address = client.socket.signalRepository.jidToSignalProtocolAddress(person('Ada').lid);
    await keys.set({ session: { [address]: null } });
    const message = await hear({ edit: 'message', chat: 'Ada', from: 'Ada', content: text('lost and found') });
    expect(message.messageStubType).toBeTruthy();
    await client.heard((events) =>
      events['messages.upsert']?.messages.find(
        (m) => m.key.id === message.key.id && m.message?.conversation === 'lost and found',
      ),
    );
  });
});
