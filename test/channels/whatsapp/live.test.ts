import { describe, expect, it } from 'vitest';
import type { LiveMessage } from '../../../src/channels/channel.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { prepareBaileys } from '../../simulators/whatsapp/baileys-in-tests.ts';
import type { OpenChannel } from './open-channel.ts';
import { rigs } from './rig.ts';

prepareBaileys();
const start = rigs();

const arrived = async (channel: OpenChannel, id: string | null): Promise<LiveMessage> => {
  const isIt = ({ message }: LiveMessage): boolean => message.externalId === id;
  const report = await channel.told('messagesArrived', ({ messages }) => messages.some(isIt));
  return report.messages.find(isIt) ?? expect.fail('it was there');
};

const text = (words: string) => ({ type: 'text', text: words }) as const;

describe('live messages', () => {
  it('come with author and chat, from others and from the owner, direct and in groups', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { edit } = rig.simulator;
    const [ada, ben] = rig.simulator.contacts();
    const { owner } = rig.simulator.account().world;
    const group = rig.simulator.groups().find(({ subject }) => subject === 'Sailing')?.jid;
    const continuity = channel.of('connectionOpened')[0]?.continuity;

    const hi = await arrived(channel, await edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: text('hi') }));
    expect(hi).toMatchObject({
      conversation: { externalId: ada?.pn, kind: 'direct' },
      message: { senderId: ada?.pn, isFromMe: false, type: 'text', text: 'hi' },
    });
    const own = await arrived(channel, await edit({ edit: 'message', chat: 'Ada', content: text('hello') }));
    expect(own).toMatchObject({
      conversation: { externalId: ada?.pn },
      message: { senderId: owner.pn, isFromMe: true, text: 'hello' },
    });
    const ahoy = await arrived(
      channel,
      await edit({ edit: 'message', chat: 'Sailing', from: 'Ben', content: text('ahoy') }),
    );
    expect(ahoy).toMatchObject({
      conversation: { externalId: group, kind: 'group' },
      message: { senderId: ben?.pn, isFromMe: false, text: 'ahoy' },
    });
    for (const report of channel.of('messagesArrived')) expect(report.continuity).toBe(continuity);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('tells edits, deletions and reactions', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { edit } = rig.simulator;
    const [ada] = rig.simulator.contacts();
    const id = (await edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: text('helo') })) ?? '';
    await arrived(channel, id);
    await edit({ edit: 'editMessage', chat: 'Ada', messageId: id, text: 'hello' });
    const edited = await channel.told('messagesEdited');
    expect(edited.messages[0]).toMatchObject({
      conversation: { externalId: ada?.pn },
      message: { externalId: id, text: 'hello', type: 'text' },
    });
    expect(edited.messages[0]?.message.editedAt).toBeGreaterThan(0);
    const reaction = await edit({ edit: 'react', chat: 'Ada', messageId: id, from: 'Ada', emoji: '👍' });
    const thumb = await arrived(channel, reaction);
    expect(thumb.message).toMatchObject({ type: 'reaction', text: '👍', senderId: ada?.pn, payload: { reactsTo: id } });
    await edit({ edit: 'revoke', chat: 'Ada', messageId: id });
    const deleted = await channel.told('messagesDeleted', ({ externalIds }) => externalIds.includes(id));
    expect(deleted.conversationExternalId).toBe(ada?.pn);
  });

  it('brings what was written while it was away, once it is back', async () => {
    const rig = await start();
    const first = await rig.pairWithHistory();
    await first.close();
    const id = await rig.simulator.edit({ edit: 'message', chat: 'Ben', from: 'Ben', content: text('are you there?') });
    const second = rig.open();
    const missed = await arrived(second, id);
    expect(missed.message.text).toBe('are you there?');
    const [opened] = second.of('connectionOpened');
    expect(second.of('messagesArrived').map(({ continuity }) => continuity)).toEqual([opened?.continuity]);
    expect(second.reports.findIndex(({ type }) => type === 'connectionOpened')).toBeLessThan(
      second.reports.findIndex(({ type }) => type === 'messagesArrived'),
    );
  });

  it('leaves status updates and newsletters out', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    await rig.simulator
      .edit({ edit: 'message', chat: 'Ada', from: 'Ada', content: text('end') })
      .then((id) => arrived(channel, id));
    const chats = channel
      .of('messagesArrived')
      .flatMap(({ messages }) => messages.map(({ conversation }) => conversation.externalId));
    expect(chats.filter((jid) => /@(broadcast|newsletter)$/.test(jid))).toEqual([]);
  });

  it('tells of a LID and its phone number when the mapping is learned, and from then on names the phone', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const cleo = rig.simulator.contacts().find(({ name }) => name === 'Cleo');
    const { edit } = rig.simulator;
    const early = await arrived(
      channel,
      await edit({ edit: 'message', chat: 'Cleo', from: 'Cleo', content: text('who am I?') }),
    );
    expect(early.conversation.externalId).toBe(cleo?.lid);
    expect(early.message.senderId).toBe(cleo?.lid);
    await edit({ edit: 'revealMapping', person: 'Cleo' });
    const late = await edit({ edit: 'message', chat: 'Cleo', from: 'Cleo', content: text('it is me') });
    const learned = await channel.told('aliasesLearned', ({ aliases }) =>
      aliases.some(({ alias }) => alias === cleo?.lid),
    );
    expect(learned.aliases.find(({ alias }) => alias === cleo?.lid)).toEqual({
      alias: cleo?.lid,
      externalId: cleo?.pn,
      phone: '+491571000003',
    });
    expect((await arrived(channel, late)).conversation.externalId).toBe(cleo?.pn);
  });

  it('never takes a LID chat for one with the owner, whatever the copy of an own message says', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { edit, faults } = rig.simulator;
    const { owner } = rig.simulator.account().world;
    const cleo = rig.simulator.contacts().find(({ name }) => name === 'Cleo');
    faults.add({ kind: 'ownSender' });
    const own = await arrived(channel, await edit({ edit: 'message', chat: 'Cleo', content: text('are you there?') }));
    expect(own.conversation.externalId).toBe(cleo?.lid);
    expect(faults.list().map(({ count }) => count)).toEqual([1]);
    const reply = await arrived(
      channel,
      await edit({ edit: 'message', chat: 'Cleo', from: 'Cleo', content: text('I am') }),
    );
    expect(reply.conversation.externalId).toBe(cleo?.lid);
    const aliases = channel.of('aliasesLearned').flatMap((told) => told.aliases);
    expect(aliases.filter(({ alias, externalId }) => externalId === owner.pn && alias !== owner.lid)).toEqual([]);
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it('says so when what the phone tells this device alone cannot be decrypted', async () => {
    const lines: string[] = [];
    const rig = await start();
    const warned = Promise.withResolvers<void>();
    const warn = (_: unknown, sentence: string): void => {
      lines.push(sentence);
      if (/phone told this device/.test(sentence)) warned.resolve();
    };
    rig.simulator.faults.add({ kind: 'garbled' });
    await rig.pair({ log: { ...silentLog, warn } });
    await warned.promise;
    expect(lines).toContain('What the phone told this device could not be decrypted.');
  });

  it('tells all it knows of LIDs with each opening, since a crash may have come in between', async () => {
    const rig = await start();
    const first = await rig.pairWithHistory();
    await rig.readAll(first);
    await first.close();
    const ben = rig.simulator.contacts().find(({ name }) => name === 'Ben');
    const second = rig.open();
    await second.told('aliasesLearned', ({ aliases }) => aliases.some(({ alias }) => alias === ben?.lid));
  });

  it('tells new names of groups, and who joins and leaves', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const group = rig.simulator.groups().find(({ subject }) => subject === 'Sailing')?.jid;
    const { edit } = rig.simulator;
    await edit({ edit: 'renameGroup', chat: 'Sailing', subject: 'Rowing', by: 'Ben' });
    const renamed = await channel.told('conversationsChanged', ({ conversations }) =>
      conversations.some(({ name }) => name === 'Rowing'),
    );
    expect(renamed.conversations[0]?.externalId).toBe(group);
    expect(channel.of('groupsAmended')).toMatchObject([{ groups: [{ externalId: group, name: 'Rowing' }] }]);
    await edit({ edit: 'members', chat: 'Sailing', change: 'remove', person: 'Ada', by: 'Ben' });
    const left = await channel.told('membersLeft');
    expect(left).toMatchObject({ groupExternalId: group, contactExternalIds: ['491571000001@s.whatsapp.net'] });
    await edit({ edit: 'members', chat: 'Sailing', change: 'add', person: 'Ada', by: 'Ben' });
    expect((await channel.told('membersJoined')).members).toMatchObject({ groupExternalId: group });
  });

  it('tells names that contacts give themselves, and names that the owner saves', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const { edit } = rig.simulator;
    const [ada, ben] = rig.simulator.contacts();
    await channel.told('contactsArrived', ({ contacts }) =>
      contacts.some(({ externalId, names }) => externalId === ada?.pn && names.saved === 'Ada Lovelace'),
    );
    await edit({ edit: 'saveContact', person: 'Ben', savedAs: 'Ben the sailor' });
    await channel.told('contactsArrived', ({ contacts }) =>
      contacts.some(({ externalId, names }) => externalId === ben?.pn && names.saved === 'Ben the sailor'),
    );
    await edit({ edit: 'pushName', person: 'Ben', pushName: 'big ben' });
    await edit({ edit: 'message', chat: 'Ben', from: 'Ben', content: text('new name') });
    await channel.told('contactsArrived', ({ contacts }) =>
      contacts.some(({ externalId, names }) => externalId === ben?.pn && names.pushed === 'big ben'),
    );
  });
});
