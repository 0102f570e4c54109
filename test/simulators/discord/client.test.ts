import { Client, Events, GatewayIntentBits, type Message } from 'discord.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from './discord-simulator.ts';
import { startDiscordSimulator } from './simulator.ts';

const INTENTS = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMembers,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.MessageContent,
];

let simulator: DiscordSimulator;
let client: Client;

const online = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off', ...options });
  // discord.js would wait 5 s before it identifies again; the simulator is told not to insist on it.
  const ws = { buildIdentifyThrottler: async () => ({ waitForIdentify: async () => undefined }) };
  client = new Client({ intents: INTENTS, rest: { api: simulator.apiUrl }, ws });
  const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(simulator.token);
  await ready;
};

const nextMessage = (): Promise<Message> => new Promise((resolve) => client.once(Events.MessageCreate, resolve));

afterEach(async () => {
  await client.destroy();
  await simulator.close();
});

describe('the discord.js client against the simulator', () => {
  it('logs in and caches guilds, channels and active threads', async () => {
    await online();
    expect(client.user?.id).toBe(simulator.bot.id);
    expect(client.guilds.cache.map(({ name }) => name).sort()).toEqual(['Harbour', 'Workshop']);
    const harbour = client.guilds.cache.find(({ name }) => name === 'Harbour');
    expect(harbour?.memberCount).toBe(1_501);
    expect(harbour?.channels.cache.find(({ name }) => name === 'lunch')?.isThread()).toBe(true);
    expect(harbour?.channels.cache.find(({ name }) => name === 'hidden')).toMatchObject({ viewable: false });
    const quiet = harbour?.channels.cache.find(({ name }) => name === 'no-history');
    expect(client.user && quiet?.permissionsFor(client.user)?.has('ReadMessageHistory')).toBe(false);
  });

  it('hears what is posted, edited and deleted', async () => {
    await online();
    const { id } = simulator.world.channelNamed('general');
    const created = nextMessage();
    const messageId = simulator.world.postMessage(id, { content: 'ahoy' });
    expect(await created).toMatchObject({ id: messageId, channelId: id, content: 'ahoy', type: 0 });

    const updated = new Promise<string>((resolve) =>
      client.once(Events.MessageUpdate, (_, next) => resolve(next.content)),
    );
    simulator.world.editMessage(id, messageId, 'ahoy there');
    expect(await updated).toBe('ahoy there');

    const deleted = new Promise<string>((resolve) => client.once(Events.MessageDelete, (gone) => resolve(gone.id)));
    simulator.world.deleteMessage(id, messageId);
    expect(await deleted).toBe(messageId);
  });

  it('is told nothing of what happens silently or out of its sight', async () => {
    await online();
    const { world } = simulator;
    const heard = nextMessage();
    world.postMessage(world.channelNamed('hidden').id, { content: 'unseen' });
    world.postMessage(world.channelNamed('general').id, { content: 'unheard', silent: true });
    world.postMessage(world.channelNamed('workbench').id, { content: 'heard' });
    expect((await heard).content).toBe('heard');
  });

  it('sees channels and threads come, change and go', async () => {
    await online();
    const { world } = simulator;
    const threadCreated = new Promise<string>((resolve) =>
      client.once(Events.ThreadCreate, ({ name }) => resolve(name)),
    );
    const thread = world.createThread(world.channelNamed('questions').id, { name: 'why' });
    expect(await threadCreated).toBe('why');

    const archived = new Promise((resolve) => client.once(Events.ThreadUpdate, (_, now) => resolve(now.archived)));
    world.archiveThread(thread.id);
    expect(await archived).toBe(true);

    const [guild] = world.guilds;
    const channelCreated = new Promise((resolve) => client.once(Events.ChannelCreate, ({ name }) => resolve(name)));
    const channel = world.createChannel(guild?.id ?? '', { name: 'fresh' });
    expect(await channelCreated).toBe('fresh');

    const denied = new Promise((resolve) =>
      client.once(Events.ChannelUpdate, (_, now) => resolve('viewable' in now && now.viewable)),
    );
    world.deny(channel.id);
    expect(await denied).toBe(false);
  });

  it('resumes after a drop and gets what it missed, in order', async () => {
    await online();
    const { world } = simulator;
    const general = world.channelNamed('general').id;
    const heard: string[] = [];
    const all = new Promise<void>((resolve) =>
      client.on(Events.MessageCreate, ({ content }) => {
        heard.push(content);
        if (heard.length === 3) resolve();
      }),
    );
    const resumed = new Promise((resolve) => client.once(Events.ShardResume, (_, replayed) => resolve(replayed)));
    expect(simulator.faults.onGateway({ kind: 'drop' }).count).toBe(1);
    for (const content of ['one', 'two', 'three']) world.postMessage(general, { content });
    await all;
    expect(heard).toEqual(['one', 'two', 'three']);
    await resumed;
  });

  it('starts a new session when the old one is declared invalid', async () => {
    await online({ identifyIntervalMs: 0 });
    const again = new Promise((resolve) => client.once(Events.ShardReady, resolve));
    simulator.faults.onGateway({ kind: 'invalidSession', resumable: false });
    await again;
    const heard = nextMessage();
    simulator.world.postMessage(simulator.world.channelNamed('general').id, { content: 'still here' });
    expect((await heard).content).toBe('still here');
  });

  it('fetches all members of a guild with more than 1,000, in chunks', async () => {
    await online();
    const harbour = client.guilds.cache.find(({ name }) => name === 'Harbour');
    const members = await harbour?.members.fetch();
    expect(members?.size).toBe(1_501);
  });

  it('is thrown out when its token is revoked', async () => {
    await online();
    const invalidated = new Promise<string>((resolve) =>
      client.once(Events.ShardDisconnect, ({ code }) => resolve(String(code))),
    );
    client.on(Events.ShardError, () => undefined);
    simulator.faults.revokeToken();
    expect(await invalidated).toBe('4004');
    await expect(client.rest.get('/users/@me')).rejects.toMatchObject({ status: 401 });
  });
});
