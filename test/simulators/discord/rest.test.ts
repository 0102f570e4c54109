import { REST } from 'discord.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from './discord-simulator.ts';
import type { TrueMessage } from './ground-truth.ts';
import { startDiscordSimulator } from './simulator.ts';

interface WireMessage {
  readonly id: string;
  readonly channel_id: string;
  readonly content: string;
  readonly timestamp: string;
  readonly edited_timestamp: string | null;
}

let simulator: DiscordSimulator;
let rest: REST;

const start = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off', ...options });
  rest = new REST({ api: simulator.apiUrl, retries: 0, globalRequestsPerSecond: 1_000_000 }).setToken(simulator.token);
};

const get = async <T>(path: `/${string}`): Promise<T> => (await rest.get(path)) as T;

/** Without a library in between: what is really on the wire. */
const raw = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${simulator.apiUrl}/v10${path}`, {
    headers: { authorization: `Bot ${simulator.token}`, 'user-agent': 'DiscordBot (test, 1)', ...headers },
  });

const asTrue = (message: WireMessage): TrueMessage => ({
  channelId: message.channel_id,
  messageId: message.id,
  timestamp: Date.parse(message.timestamp),
  content: message.content,
  editedTimestamp: message.edited_timestamp === null ? null : Date.parse(message.edited_timestamp),
});

const history = async (channelId: string): Promise<TrueMessage[]> => {
  const found: TrueMessage[] = [];
  for (let before = ''; ; ) {
    const page = await get<WireMessage[]>(`/channels/${channelId}/messages?limit=100${before}`);
    found.push(...page.map(asTrue));
    const oldest = page.at(-1);
    if (oldest === undefined || page.length < 100) return found;
    before = `&before=${oldest.id}`;
  }
};

interface ThreadPage {
  readonly threads: readonly {
    readonly id: string;
    readonly thread_metadata: { readonly archive_timestamp: string };
  }[];
  readonly has_more: boolean;
}

const archived = async (channelId: string, kind: 'public' | 'private'): Promise<string[]> => {
  const found: string[] = [];
  for (let before = ''; ; ) {
    const page = await get<ThreadPage>(`/channels/${channelId}/threads/archived/${kind}?limit=2${before}`);
    found.push(...page.threads.map(({ id }) => id));
    const last = page.threads.at(-1);
    if (!page.has_more || last === undefined) return found;
    before = `&before=${encodeURIComponent(last.thread_metadata.archive_timestamp)}`;
  }
};

const sorted = (messages: Iterable<TrueMessage>): TrueMessage[] =>
  [...messages].sort((a, b) => (a.messageId < b.messageId ? -1 : 1));

afterEach(() => simulator.close());

describe('reading everything through REST', () => {
  it('finds exactly the ground truth, threads of every kind included', async () => {
    await start();
    const found: TrueMessage[] = [];
    for (const { id: guildId } of await get<{ id: string }[]>('/users/@me/guilds')) {
      const channels = await get<{ id: string; type: number; name: string }[]>(`/guilds/${guildId}/channels`);
      const active = await get<ThreadPage>(`/guilds/${guildId}/threads/active`);
      const places = active.threads.map(({ id }) => id);
      for (const { id, type, name } of channels) {
        if (name === 'hidden' || name === 'no-history') continue;
        if ([0, 2, 5, 13].includes(type)) places.push(id);
        if ([0, 5, 15, 16].includes(type))
          places.push(...(await archived(id, 'public')), ...(await archived(id, 'private')));
      }
      for (const id of places) found.push(...(await history(id)));
    }
    expect(found.length).toBeGreaterThan(2_500);
    expect(sorted(found)).toEqual(sorted(simulator.groundTruth()));
    expect(simulator.requests.forbidden).toBe(0);
    expect(simulator.invalidRequests.count).toBe(0);
  });

  it('shows what was posted, edited and deleted, and nothing else', async () => {
    await start();
    const { world } = simulator;
    const { id } = world.channelNamed('team-1');
    const before = await history(id);
    const [edited, deleted, ...others] = before.slice(5).map(({ messageId }) => messageId);
    const posted = world.postMessage(id, { content: 'new', authorId: simulator.bot.id, silent: true });
    world.editMessage(id, edited ?? '', 'changed', { silent: true });
    world.deleteMessage(id, deleted ?? '', { silent: true });
    world.deleteMessages(id, others.slice(0, 3), { silent: true });

    const after = await history(id);
    expect(after).toHaveLength(before.length + 1 - 4);
    expect(after[0]).toMatchObject({ messageId: posted, content: 'new' });
    expect(after.find(({ messageId }) => messageId === edited)).toMatchObject({ content: 'changed' });
    expect(after.at(-1)).toEqual(before.at(-1));
    expect(sorted(after)).toEqual(sorted([...simulator.groundTruth()].filter(({ channelId }) => channelId === id)));
    expect([...simulator.deleted()].map(({ messageId }) => messageId).sort()).toEqual(
      [deleted, ...others.slice(0, 3)].sort(),
    );
  });

  it('pages by before, after and around, each exclusive and newest first', async () => {
    await start();
    const { id } = simulator.world.channelNamed('general');
    const ids = (await history(id)).map(({ messageId }) => messageId);
    const page = async (query: string): Promise<string[]> =>
      (await get<WireMessage[]>(`/channels/${id}/messages?${query}`)).map((message) => message.id);
    expect(await page('')).toEqual(ids.slice(0, 50));
    expect(await page(`before=${ids[9]}&limit=5`)).toEqual(ids.slice(10, 15));
    expect(await page(`after=${ids[9]}&limit=5`)).toEqual(ids.slice(4, 9));
    expect(await page(`around=${ids[9]}&limit=5`)).toEqual(ids.slice(7, 12));
    expect(await page('after=0&limit=3')).toEqual(ids.slice(-3));
    const synthetic = (BigInt(ids[20] ?? '') >> 22n) << 22n;
    expect(await page(`before=${synthetic}&limit=2`)).toEqual(ids.slice(21, 23));
  });

  it('lists 1,000 members per page, by rising id', async () => {
    await start();
    const guild = simulator.world.guilds[0]?.id;
    const first = await get<{ user: { id: string } }[]>(`/guilds/${guild}/members?limit=1000`);
    const second = await get<{ user: { id: string } }[]>(
      `/guilds/${guild}/members?limit=1000&after=${first.at(-1)?.user.id}`,
    );
    expect([first.length, second.length]).toEqual([1_000, 501]);
    const ids = [...first, ...second].map(({ user }) => BigInt(user.id));
    expect(ids.every((id, at) => at === 0 || id > (ids[at - 1] ?? 0n))).toBe(true);
    expect(second.at(-1)?.user.id).toBe(simulator.bot.id);
  });

  it('makes the same world from the same seed, and another from another', async () => {
    const contents = async (seed: number): Promise<string> => {
      await start({ seed, now: () => Date.UTC(2026, 0, 1) });
      const text = JSON.stringify([...simulator.groundTruth()].slice(0, 200));
      if (seed !== 2) await simulator.close();
      return text;
    };
    const [one, again, other] = [await contents(1), await contents(1), await contents(2)];
    expect(one).toBe(again);
    expect(one).not.toBe(other);
  });

  it('holds a million messages without keeping them, with ids that rise strictly', async () => {
    const now = Date.UTC(2026, 0, 1);
    const plan = { name: 'big', messages: 1_000_000, from: now - 1_000_500, to: now };
    await start({ now: () => now, world: { guilds: [{ name: 'Big', channels: [plan] }] } });
    const { log } = simulator.world.channelNamed('big');
    let last = 0n;
    let seen = 0;
    for (const message of log?.before(null, 20_000).reverse() ?? []) {
      expect(message.id > last).toBe(true);
      last = message.id;
      seen += 1;
    }
    expect(seen).toBe(20_000);
    const page = await get<WireMessage[]>(
      `/channels/${simulator.world.channelNamed('big').id}/messages?limit=100&before=${last}`,
    );
    expect(page).toHaveLength(100);
  });
});

describe('refusals', () => {
  const refusal = async (path: string, headers?: Record<string, string>): Promise<unknown> => {
    const response = await raw(path, headers);
    return { status: response.status, body: await response.json() };
  };

  it('answers as Discord does to what is not allowed', async () => {
    await start();
    const { world } = simulator;
    const idOf = (name: string): string => world.channelNamed(name).id;
    expect(await refusal('/users/@me', { authorization: 'Bot wrong' })).toEqual({
      status: 401,
      body: { message: '401: Unauthorized', code: 0 },
    });
    expect(await refusal(`/channels/${idOf('hidden')}/messages`)).toEqual({
      status: 403,
      body: { message: 'Missing Access', code: 50_001 },
    });
    expect(await refusal('/channels/123456789012345678/messages')).toEqual({
      status: 404,
      body: { message: 'Unknown Channel', code: 10_003 },
    });
    expect(await refusal('/nowhere')).toEqual({ status: 404, body: { message: '404: Not Found', code: 0 } });
    expect(await refusal(`/channels/${idOf('questions')}/messages`)).toEqual({
      status: 400,
      body: { message: 'Cannot execute action on this channel type', code: 50_024 },
    });
    expect(await refusal(`/channels/${idOf('lounge')}/threads/archived/public`)).toMatchObject({ status: 400 });
    expect(await refusal('/users/@me', { 'user-agent': '' })).toMatchObject({ status: 403, body: { code: 40_333 } });
    expect(await refusal(`/channels/${idOf('general')}/messages/1`)).toMatchObject({
      status: 404,
      body: { code: 10_008 },
    });
    const posted = await fetch(`${simulator.apiUrl}/v10/users/@me`, { method: 'PUT', headers: { 'user-agent': 'x' } });
    expect(posted.status).toBe(405);
    await posted.body?.cancel();
    const old = await fetch(`${simulator.apiUrl}/v6/users/@me`, { headers: { 'user-agent': 'x' } });
    expect(await old.json()).toMatchObject({ code: 50_041 });
  });

  it('gives an empty list where history may not be read, and remembers that it was asked', async () => {
    await start();
    expect(await get(`/channels/${simulator.world.channelNamed('no-history').id}/messages`)).toEqual([]);
    expect(simulator.requests.forbidden).toBe(1);
  });

  it.each([
    ['limit=101', 'limit', 'NUMBER_TYPE_MAX', 'int value should be less than or equal to 100.'],
    ['limit=0', 'limit', 'NUMBER_TYPE_MIN', 'int value should be greater than or equal to 1.'],
    ['limit=many', 'limit', 'NUMBER_TYPE_COERCE', 'Value "many" is not int.'],
    ['before=yesterday', 'before', 'NUMBER_TYPE_COERCE', 'Value "yesterday" is not snowflake.'],
  ])('refuses %s with the tree of errors', async (query, field, code, message) => {
    await start();
    expect(await refusal(`/channels/${simulator.world.channelNamed('general').id}/messages?${query}`)).toEqual({
      status: 400,
      body: { message: 'Invalid Form Body', code: 50_035, errors: { [field]: { _errors: [{ code, message }] } } },
    });
  });

  it('shows private archives only to who manages threads, but always the own ones', async () => {
    const now = Date.now();
    const secret = { private: true, archivedAt: now - 1_000, messages: 1 };
    await start({
      world: {
        guilds: [
          {
            name: 'Strict',
            botRole: [],
            channels: [
              {
                name: 'plain',
                threads: [
                  { name: 'own', joined: true, ...secret },
                  { name: 'others', ...secret },
                ],
              },
            ],
          },
        ],
      },
    });
    const { id } = simulator.world.channelNamed('plain');
    expect(await refusal(`/channels/${id}/threads/archived/private`)).toEqual({
      status: 403,
      body: { message: 'Missing Permissions', code: 50_013 },
    });
    const own = await get<ThreadPage>(`/channels/${id}/users/@me/threads/archived/private`);
    expect(own.threads).toMatchObject([{ name: 'own', type: 12 }]);
    expect(await refusal(`/channels/${simulator.world.channelNamed('others').id}`)).toMatchObject({ status: 403 });
    expect([...simulator.groundTruth()]).toHaveLength(1);
  });

  it('hides what others wrote from a bot without the message content intent', async () => {
    await start();
    simulator.faults.disableIntents(['MessageContent']);
    const { world, bot } = simulator;
    const { id } = world.channelNamed('general');
    world.postMessage(id, { content: 'theirs' });
    world.postMessage(id, { content: 'mine', authorId: bot.id });
    const [mine, theirs] = await get<WireMessage[]>(`/channels/${id}/messages?limit=2`);
    expect([mine?.content, theirs?.content]).toEqual(['mine', '']);
    expect(sorted(simulator.groundTruth()).at(-2)?.content).toBe('');
  });

  it('bans an address that collects too many refusals', async () => {
    let now = Date.UTC(2026, 0, 1);
    await start({ invalidRequestLimit: 3, now: () => now });
    for (let attempt = 0; attempt < 3; attempt++) await (await raw('/users/@me', { authorization: 'Bot no' })).text();
    const banned = await raw('/users/@me');
    expect([banned.status, banned.headers.get('content-type')]).toEqual([403, 'text/html; charset=UTF-8']);
    await banned.text();
    now += 600_001;
    expect((await raw('/users/@me')).status).toBe(200);
  });
});
