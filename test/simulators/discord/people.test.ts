import { Client, DiscordAPIError, Events, GatewayIntentBits, REST } from 'discord.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from './discord-simulator.ts';
import type { TrueContact, TrueGroup, TrueMember } from './people-truth.ts';
import { startDiscordSimulator } from './simulator.ts';

interface WireMember {
  readonly user: {
    readonly id: string;
    readonly username: string;
    readonly global_name: string | null;
    readonly bot?: boolean;
  };
  readonly nick: string | null;
  readonly roles: readonly string[];
  readonly joined_at: string;
}

interface WireGuild {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly owner_id: string;
  readonly approximate_member_count?: number;
  readonly roles: readonly { readonly id: string; readonly permissions: string }[];
}

interface WireChannel {
  readonly id: string;
  readonly type: number;
  readonly name: string;
  readonly topic?: string | null;
}

const NOW = Date.UTC(2026, 0, 1);
const ADMINISTRATOR = 8n;

let simulator: DiscordSimulator;
let client: Client | null = null;
let rest: REST;

const start = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off', now: () => NOW, ...options });
  rest = new REST({ api: simulator.apiUrl, retries: 0, globalRequestsPerSecond: 1_000_000 }).setToken(simulator.token);
};

const get = async <T>(path: `/${string}`): Promise<T> => (await rest.get(path)) as T;

afterEach(async () => {
  await client?.destroy();
  client = null;
  await simulator.close();
});

const membersOf = async (guildId: string): Promise<WireMember[]> => {
  const found: WireMember[] = [];
  for (let after = '0'; ; ) {
    const page = await get<WireMember[]>(`/guilds/${guildId}/members?limit=1000&after=${after}`);
    found.push(...page);
    if (page.length < 1_000) return found;
    after = page.at(-1)?.user.id ?? after;
  }
};

const listed = async (): Promise<{
  contacts: Map<string, TrueContact>;
  groups: TrueGroup[];
  members: TrueMember[];
}> => {
  const contacts = new Map<string, TrueContact>();
  const groups: TrueGroup[] = [];
  const members: TrueMember[] = [];
  for (const { id } of await get<WireGuild[]>('/users/@me/guilds')) {
    const guild = await get<WireGuild>(`/guilds/${id}?with_counts=true`);
    const { name, description, owner_id: ownerId, approximate_member_count: memberCount = null } = guild;
    groups.push({ id, kind: 'guild', parentId: null, name, description, ownerId, memberCount });
    for (const channel of await get<WireChannel[]>(`/guilds/${id}/channels`)) {
      if (channel.type === 4) continue;
      const place = { id: channel.id, kind: 'channel', parentId: id, name: channel.name } as const;
      groups.push({ ...place, description: channel.topic ?? null, ownerId: null, memberCount: null });
    }
    const admins = guild.roles.filter(({ permissions }) => (BigInt(permissions) & ADMINISTRATOR) !== 0n);
    for (const { user, nick, roles, joined_at } of await membersOf(id)) {
      const { id: userId, username, global_name: globalName, bot: isBot = false } = user;
      contacts.set(userId, { userId, username, globalName, isBot });
      const isAdmin = admins.some((role) => roles.includes(role.id));
      const role = userId === ownerId ? 'owner' : isAdmin ? 'admin' : 'member';
      members.push({ guildId: id, userId, role, nick, joinedAt: Date.parse(joined_at) });
    }
  }
  return { contacts, groups, members };
};

/** In an order of its own: guilds come by id from Discord, and by age in the world. */
const sorted = <T extends object>(rows: Iterable<T>): string[] =>
  [...rows].map((row) => JSON.stringify(Object.entries(row).sort())).sort();

const expectTruth = async (): Promise<void> => {
  const { contacts, groups, members } = await listed();
  expect(sorted(contacts.values())).toEqual(sorted(simulator.contacts()));
  expect(sorted(groups)).toEqual(sorted(simulator.groups()));
  expect(sorted(members)).toEqual(sorted(simulator.members()));
};

const statusOf = async (path: `/${string}`): Promise<unknown> => {
  try {
    await rest.get(path);
    return 200;
  } catch (error) {
    if (!(error instanceof DiscordAPIError)) throw error;
    return [error.status, error.code];
  }
};

describe('guilds and their members', () => {
  it('are listed as the ground truth says', async () => {
    await start();
    await expectTruth();
    const { members } = await listed();
    expect(new Set(members.map(({ role }) => role))).toEqual(new Set(['owner', 'admin', 'member']));
    expect(members.some(({ nick }) => nick !== null)).toBe(true);
  });

  it('are shared: who is in two guilds is one contact', async () => {
    await start();
    const members = [...simulator.members()].length;
    const contacts = [...simulator.contacts()].map(({ userId }) => userId);
    expect(new Set(contacts).size).toBe(contacts.length);
    expect(members - contacts.length).toBe(41);
  });

  it('are what the ground truth says also after everything that may happen to them', async () => {
    await start();
    const { world, bot } = simulator;
    const harbour = world.desk.named('Harbour');
    const workshop = world.desk.named('Workshop');
    const [one, two, three, four] = [3, 4, 5, 6].map((index) => world.people.at(index).id) as [
      string,
      string,
      string,
      string,
    ];
    world.desk.rename(one, { username: 'renamed', globalName: 'Re Named' });
    world.desk.leave(harbour.id, two);
    world.desk.changeMember(workshop.id, three, { nick: 'boss', isAdmin: true });
    world.desk.change(workshop.id, { name: 'Wharf', description: 'Moved', ownerId: four });
    expect(world.desk.join(harbour.id, two)).toBe(two);
    const newcomer = world.desk.join(workshop.id, null);
    world.desk.leave(workshop.id, one);
    world.changeChannel(world.channelNamed('general').id, { name: 'plaza', topic: 'Everything else', nsfw: true });
    world.deleteChannel(world.channelNamed('news').id);
    const island = world.desk.create({ name: 'Island', members: 3, channels: [{ name: 'beach' }] });
    world.desk.delete(harbour.id);
    await expectTruth();
    const wire = await get<WireMember>(`/guilds/${workshop.id}/members/${newcomer}`);
    expect(wire).toMatchObject({ nick: null, joined_at: '2026-01-01T00:00:00.000000+00:00' });
    expect([...simulator.groups()].filter(({ kind }) => kind === 'guild').map(({ name }) => name)).toEqual([
      'Wharf',
      'Island',
    ]);
    expect(island.has(bot)).toBe(true);
    expect(await statusOf(`/guilds/${harbour.id}`)).toEqual([404, 10_004]);
    expect(await statusOf(`/guilds/${harbour.id}/members?limit=1`)).toEqual([404, 10_004]);
    expect(await statusOf(`/guilds/${workshop.id}/members/${one}`)).toEqual([404, 10_007]);
  });

  it('are listed to nobody without the privileged intent, and to nobody outside', async () => {
    const guilds = [
      { name: 'Port', members: 3, channels: [] },
      { name: 'Elsewhere', channels: [] },
    ];
    await start({ world: { guilds, bots: [{ name: 'b', guilds: ['Port'], privileged: ['MessageContent'] }] } });
    const [port, elsewhere] = simulator.world.guilds;
    expect(await statusOf(`/guilds/${port?.id}/members?limit=10`)).toEqual([403, 50_001]);
    expect(await statusOf(`/guilds/${elsewhere?.id}/members?limit=10`)).toEqual([403, 50_001]);
    expect(await statusOf(`/guilds/${port?.id}`)).toBe(200);
  });

  it.each(['limit=0', 'limit=1001', 'limit=ten', 'limit=10&after=x'])(
    'are not listed to a wrong form: %s',
    async (query) => {
      await start();
      expect(await statusOf(`/guilds/${simulator.world.guilds[0]?.id}/members?${query}`)).toEqual([400, 50_035]);
    },
  );

  it('come one at a time where nothing else is asked', async () => {
    await start();
    expect(await get<WireMember[]>(`/guilds/${simulator.world.guilds[0]?.id}/members`)).toHaveLength(1);
  });

  it('may be 100,000, which are made as they are asked for, the same each time', async () => {
    await start({ world: { guilds: [{ name: 'Metropolis', members: 100_000, channels: [] }] } });
    const guild = simulator.world.guilds[0]?.id ?? '';
    const far = String(simulator.world.people.idAt(99_989));
    const page = await get<WireMember[]>(`/guilds/${guild}/members?limit=1000&after=${far}`);
    expect(page).toHaveLength(11);
    expect(await get(`/guilds/${guild}/members?limit=1000&after=${far}`)).toEqual(page);
    expect((await get<WireGuild>(`/guilds/${guild}?with_counts=true`)).approximate_member_count).toBe(100_001);
    const before = process.memoryUsage().heapUsed;
    let count = 0;
    for (const _ of simulator.members()) count += 1;
    expect(count).toBe(100_001);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  });

  it('whose list has a broken entry have it in the middle, and are whole around it', async () => {
    await start();
    simulator.faults.add({ kind: 'malformedMember', defect: 'noUser' }, { route: '/guilds/:guildId/members' });
    const guild = simulator.world.guilds[0]?.id;
    const page = await get<WireMember[]>(`/guilds/${guild}/members?limit=5`);
    expect(page.map(({ user }) => user === undefined)).toEqual([false, false, true, false, false]);
  });
});

describe('the gateway', () => {
  const online = async (...intents: GatewayIntentBits[]): Promise<Client> => {
    client = new Client({ intents: [GatewayIntentBits.Guilds, ...intents], rest: { api: simulator.apiUrl } });
    const ready = new Promise((resolve) => client?.once(Events.ClientReady, resolve));
    await client.login(simulator.token);
    await ready;
    return client;
  };
  const next = (from: Client, type: string): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      from.on(Events.Raw, (packet: { t: string; d: Record<string, unknown> }) => {
        if (packet.t === type) resolve(packet.d);
      });
    });

  it('tells of guilds that change, go down, come back and go', async () => {
    await start();
    const listening = await online();
    const { desk } = simulator.world;
    const { id } = desk.named('Workshop');
    const updated = next(listening, 'GUILD_UPDATE');
    desk.change(id, { name: 'Wharf' });
    expect(await updated).toMatchObject({ id, name: 'Wharf' });
    const down = next(listening, 'GUILD_DELETE');
    desk.takeDown(id);
    expect(await down).toEqual({ id, unavailable: true });
    const back = next(listening, 'GUILD_CREATE');
    desk.takeDown(id, { undo: true });
    expect(await back).toMatchObject({ id, unavailable: false });
    const gone = next(listening, 'GUILD_DELETE');
    desk.delete(id);
    expect(await gone).toEqual({ id });
  });

  it('tells who joins, changes and leaves, if the client asked for members', async () => {
    await start();
    const listening = await online(GatewayIntentBits.GuildMembers);
    const { desk, people } = simulator.world;
    const { id } = desk.named('Workshop');
    const joined = next(listening, 'GUILD_MEMBER_ADD');
    const newcomer = desk.join(id, null);
    expect(await joined).toMatchObject({ guild_id: id, user: { id: newcomer } });
    const changed = next(listening, 'GUILD_MEMBER_UPDATE');
    desk.rename(newcomer, { globalName: 'New Comer' });
    expect(await changed).toMatchObject({ user: { id: newcomer, global_name: 'New Comer' } });
    const left = next(listening, 'GUILD_MEMBER_REMOVE');
    desk.leave(id, people.at(2).id);
    expect(await left).toMatchObject({ guild_id: id, user: { id: people.at(2).id } });
  });

  it('tells nothing of members otherwise, nor of what happens silently', async () => {
    await start();
    const listening = await online();
    const heard: string[] = [];
    listening.on(Events.Raw, ({ t }: { t: string }) => heard.push(t));
    const { desk } = simulator.world;
    const { id } = desk.named('Workshop');
    const updated = next(listening, 'GUILD_UPDATE');
    desk.join(id, null);
    desk.change(id, { name: 'Unheard' }, { silent: true });
    desk.change(id, { name: 'Heard' });
    expect(await updated).toMatchObject({ name: 'Heard' });
    expect(heard).toEqual(['GUILD_UPDATE']);
  });
});
