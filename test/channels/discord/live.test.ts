import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator } from '../../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../../simulators/discord/simulator.ts';
import { type OpenedConnection, openConnection } from './opened-connection.ts';

let simulator: DiscordSimulator;
let connection: OpenedConnection;
let general: string;

beforeEach(async () => {
  simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off' });
  connection = await openConnection({ apiUrl: simulator.apiUrl, token: simulator.token });
  await connection.reported('connectionOpened');
  general = simulator.world.channelNamed('general').id;
});

afterEach(async () => {
  await connection.close();
  await simulator.close();
});

describe('what happens live', () => {
  it('arrives with its conversation, of which it is the newest message', async () => {
    const id = simulator.world.postMessage(general, { content: 'ahoy' });
    const { messages, continuity } = await connection.reported('messagesArrived');
    expect(messages).toHaveLength(1);
    expect(messages[0]?.message).toMatchObject({ externalId: id, text: 'ahoy', isFromMe: false, type: 'text' });
    expect(messages[0]?.conversation).toMatchObject({
      externalId: general,
      name: 'general',
      kind: 'channel',
      newest: { id },
    });
    expect(continuity).toBe((await connection.reported('connectionOpened')).continuity);
  });

  it('knows its own messages', async () => {
    simulator.world.postMessage(general, { content: 'mine', authorId: simulator.bot.id });
    const { messages } = await connection.reported('messagesArrived');
    expect(messages[0]?.message).toMatchObject({ isFromMe: true, senderId: simulator.bot.id });
  });

  it('tells edits with the new text and its time', async () => {
    const id = simulator.world.postMessage(general, { content: 'ahoi' });
    simulator.world.editMessage(general, id, 'ahoy');
    const { messages } = await connection.reported('messagesEdited');
    expect(messages[0]?.message).toMatchObject({ externalId: id, text: 'ahoy', editedAt: expect.any(Number) });
  });

  it('tells deletions, one and many', async () => {
    const ids = ['one', 'two', 'three'].map((content) => simulator.world.postMessage(general, { content }));
    const [first = '', ...others] = ids;
    simulator.world.deleteMessage(general, first);
    simulator.world.deleteMessages(general, others);
    expect(await connection.reported('messagesDeleted')).toMatchObject({
      conversationExternalId: general,
      externalIds: [first],
    });
    const bulk = await connection.reported('messagesDeleted', 2);
    expect([...bulk.externalIds].sort()).toEqual(others.sort());
  });

  it('keeps its order', async () => {
    const ids = Array.from({ length: 50 }, (_, at) => simulator.world.postMessage(general, { content: `${at}` }));
    await connection.reported('messagesArrived', 50);
    const arrived = connection.reports.flatMap((one) => (one.type === 'messagesArrived' ? one.messages : []));
    expect(arrived.map(({ message }) => message.externalId)).toEqual(ids);
  });

  it('tells of new channels and threads', async () => {
    const [guild] = simulator.world.guilds;
    const channel = simulator.world.createChannel(guild?.id ?? '', { name: 'fresh' });
    const created = await connection.reported('conversationsChanged', simulator.world.guilds.length + 1);
    expect(created.conversations).toMatchObject([{ externalId: channel.id, name: 'fresh', unreadable: null }]);
    const thread = simulator.world.createThread(channel.id, { name: 'why' });
    const threaded = await connection.reported('conversationsChanged', simulator.world.guilds.length + 2);
    expect(threaded.conversations).toMatchObject([
      { externalId: thread.id, parentExternalId: channel.id, kind: 'thread' },
    ]);
  });

  it('tells of channels that are gone, with the threads they had', async () => {
    const threads = simulator.world.channelNamed('general').guild.threadsOf(simulator.world.channelNamed('general'));
    simulator.world.deleteChannel(general);
    const { externalIds } = await connection.reported('conversationsRemoved');
    const active = threads.filter(({ thread }) => thread?.archivedAt === null).map(({ id }) => id);
    expect([...externalIds].sort()).toEqual([general, ...active].sort());
  });

  it('breaks its continuity when a channel becomes readable again, since nobody told what was written meanwhile', async () => {
    const { continuity } = await connection.reported('connectionOpened');
    simulator.world.deny(general);
    const denied = await connection.reported('conversationsChanged', simulator.world.guilds.length + 1);
    expect(denied.conversations.find(({ externalId }) => externalId === general)?.unreadable).toBe(
      'View Channel is missing.',
    );
    simulator.world.postMessage(general, { content: 'unheard' });
    simulator.world.allow(general);
    const renewed = await connection.reported('connectionOpened', 2);
    expect(renewed.continuity).not.toBe(continuity);
    simulator.world.postMessage(general, { content: 'heard' });
    const arrived = await connection.reported('messagesArrived');
    const latest = connection.reports.findLast((one) => one.type === 'connectionOpened');
    expect(arrived.continuity).toBe(latest?.continuity);
    expect(arrived.continuity).not.toBe(continuity);
    expect(arrived.messages[0]?.message.text).toBe('heard');
  });

  it('costs no request', async () => {
    const before = simulator.requests.total;
    simulator.world.postMessage(general, { content: 'ahoy' });
    await connection.reported('messagesArrived');
    expect(simulator.requests.total).toBe(before);
  });
});
