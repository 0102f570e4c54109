import { Effect } from 'effect';
import { afterEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from '../../../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../../../simulators/discord/simulator.ts';
import type { ThreadPlan, WorldPlan } from '../../../simulators/discord/world/world-plan.ts';
import { failureOf, listing, type OpenedConnection, openConnection } from '../opened-connection.ts';

let simulator: DiscordSimulator;
let connection: OpenedConnection;

const connect = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off', identifyIntervalMs: 0, ...options });
  connection = await openConnection({ apiUrl: simulator.apiUrl, token: simulator.token });
  await connection.reported('connectionOpened');
};

afterEach(async () => {
  await connection.close();
  await simulator.close();
});

const NOW = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;

/** A guild whose one channel has `count` archived threads, some of them archived in the same instant. */
const manyThreads = (count: number): WorldPlan => {
  const thread = (_: unknown, at: number): ThreadPlan => ({
    name: `thread-${at}`,
    messages: 1,
    from: NOW - 3000 * HOUR_MS,
    to: NOW - 2900 * HOUR_MS,
    archivedAt: NOW - Math.floor(at / 3) * HOUR_MS,
  });
  return { guilds: [{ name: 'Port', channels: [{ name: 'busy', threads: Array.from({ length: count }, thread) }] }] };
};

const archivedRequests = (): number =>
  simulator.requests.byRoute.get('/channels/:channelId/threads/archived/public') ?? 0;
const idOf = (name: string): string => simulator.world.channelNamed(name).id;

describe('a listing', () => {
  it('finds every readable channel and thread, archived and private ones included', async () => {
    await connect();
    const { conversations, problems } = await listing(connection);
    const expected = [...simulator.world.channels()].filter(({ type }) => type !== 4).map(({ id }) => id);
    expect([...conversations.keys()].sort()).toEqual(expected.sort());
    expect(problems).toEqual([]);
    expect(simulator.requests.byStatus).toEqual(new Map([[200, simulator.requests.total]]));
  });

  it('says what each of them is', async () => {
    await connect();
    const { conversations } = await listing(connection);
    const [harbour] = simulator.world.guilds;
    expect(conversations.get(idOf('general'))).toMatchObject({
      kind: 'channel',
      name: 'general',
      parentExternalId: harbour?.id,
      holdsMessages: true,
      unreadable: null,
    });
    expect(conversations.get(idOf('lunch'))).toMatchObject({ kind: 'thread', parentExternalId: idOf('general') });
    expect(conversations.get(idOf('lounge'))).toMatchObject({ kind: 'channel', holdsMessages: true });
    expect(conversations.get(idOf('questions'))).toMatchObject({ kind: 'forum', holdsMessages: false });
    expect(conversations.get(idOf('gallery'))).toMatchObject({ kind: 'forum', holdsMessages: false });
    expect(conversations.get(idOf('empty'))).toMatchObject({ newest: null });
  });

  it('names the newest message of a conversation', async () => {
    await connect();
    const general = simulator.world.channelNamed('general').id;
    const newest = simulator.world.postMessage(general, { content: 'last word' });
    const { conversations } = await listing(connection);
    expect(conversations.get(general)?.newest?.id).toBe(newest);
  });

  it('says why a conversation cannot be read, and never asks what the platform would refuse', async () => {
    await connect();
    const { conversations } = await listing(connection);
    expect(conversations.get(idOf('hidden'))?.unreadable).toBe('View Channel is missing.');
    expect(conversations.get(idOf('no-history'))?.unreadable).toBe('Read Message History is missing.');
    expect(simulator.requests.forbidden).toBe(0);
    const failure = await failureOf(connection.history.read({ externalId: idOf('hidden'), before: null, limit: 100 }));
    expect(failure._tag).toBe('AccessDenied');
    expect(simulator.requests.forbidden).toBe(0);
  });

  it('without Manage Threads finds the private threads that the bot has joined', async () => {
    const world: WorldPlan = {
      guilds: [
        {
          name: 'Port',
          botRole: [],
          channels: [
            {
              name: 'quay',
              threads: [
                { name: 'joined', private: true, joined: true, archivedAt: NOW },
                { name: 'foreign', private: true, archivedAt: NOW },
              ],
            },
          ],
        },
      ],
    };
    await connect({ world });
    const { conversations } = await listing(connection);
    expect([...conversations.keys()].sort()).toEqual([idOf('quay'), idOf('joined')].sort());
    expect(simulator.requests.forbidden).toBe(0);
  });

  it('pages through archived threads without losing those archived in the same instant', async () => {
    await connect({ world: manyThreads(250) });
    const { conversations } = await listing(connection);
    expect(conversations.size).toBe(251);
    expect(archivedRequests()).toBe(3);
  });

  it('stops at what an earlier complete listing has seen, and finds what was archived since', async () => {
    await connect({ world: manyThreads(250) });
    const { bookmarks } = await listing(connection);
    const fresh = simulator.world.createThread(idOf('busy'), { name: 'fresh' }, { silent: true });
    simulator.world.archiveThread(fresh.id, { silent: true });
    const before = archivedRequests();
    const { conversations } = await listing(connection, bookmarks);
    expect(archivedRequests() - before).toBe(1);
    expect([...conversations.keys()]).toContain(fresh.id);
  });

  it('moves no bookmark when it is broken off', async () => {
    await connect({ world: manyThreads(250) });
    const request = { bookmarks: new Map(), only: null };
    let cursor: unknown = null;
    while (archivedRequests() < 2) {
      const page = await Effect.runPromise(connection.directory.read({ ...request, cursor }));
      expect(page.bookmarks.size).toBe(0);
      cursor = page.nextCursor;
    }
  });

  it('forgets the bookmark of a channel that it may no longer read', async () => {
    await connect({ world: manyThreads(5) });
    const busy = idOf('busy');
    const { bookmarks } = await listing(connection);
    simulator.world.deny(busy, ['ReadMessageHistory']);
    await connection.reported('conversationsChanged');
    const denied = await listing(connection, bookmarks);
    expect(denied.bookmarks.get(busy)).toBe('');
    simulator.world.allow(busy);
    await connection.reported('conversationsChanged', 2);
    const { conversations } = await listing(connection, denied.bookmarks);
    expect(conversations.size).toBe(6);
  });

  it('keeps its cursor small', async () => {
    await connect({ world: manyThreads(250) });
    let cursor: unknown = null;
    do {
      const page = await Effect.runPromise(connection.directory.read({ cursor, bookmarks: new Map(), only: null }));
      cursor = page.nextCursor;
      expect(JSON.stringify(cursor).length).toBeLessThan(250);
    } while (cursor !== null);
  });

  it('goes on from a cursor over a new connection', async () => {
    await connect();
    const expected = await listing(connection);
    const seen = new Set<string>();
    let cursor: unknown = null;
    do {
      const page = await Effect.runPromise(connection.directory.read({ cursor, bookmarks: new Map(), only: null }));
      for (const { externalId } of page.conversations) seen.add(externalId);
      cursor = page.nextCursor;
      await connection.close();
      connection = await openConnection({ apiUrl: simulator.apiUrl, token: simulator.token });
      await connection.reported('connectionOpened');
    } while (cursor !== null);
    expect(seen).toEqual(new Set(expected.conversations.keys()));
  });

  it('makes at most one request per page', async () => {
    await connect();
    let cursor: unknown = null;
    let before = simulator.requests.total;
    do {
      const page = await Effect.runPromise(connection.directory.read({ cursor, bookmarks: new Map(), only: null }));
      expect(simulator.requests.total - before).toBeLessThanOrEqual(1);
      before = simulator.requests.total;
      cursor = page.nextCursor;
    } while (cursor !== null);
  });

  it('lets the whole instance rest when it is limited', async () => {
    await connect();
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: 2_000, scope: 'shared' });
    const failure = await failureOf(connection.directory.read({ cursor: null, bookmarks: new Map(), only: null }));
    expect(failure).toMatchObject({ _tag: 'RateLimited', scope: 'instance', retryAfterMs: 2_000 });
  });

  it('goes on with the next guild when one cannot be listed', async () => {
    await connect();
    simulator.faults.add(
      { kind: 'status', status: 403, message: 'Missing Access', code: 50001 },
      { route: '/guilds/:guildId/channels' },
    );
    const { conversations, problems } = await listing(connection);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ reason: 'guild_unreadable' });
    expect(conversations.size).toBeGreaterThan(0);
  });
});

describe('a listing of one conversation', () => {
  it('finds a channel and its threads, and nothing else', async () => {
    await connect();
    const general = simulator.world.channelNamed('general');
    const { conversations } = await listing(connection, new Map(), general.id);
    const threads = general.guild.threadsOf(general).map(({ id }) => id);
    expect([...conversations.keys()].sort()).toEqual([general.id, ...threads].sort());
  });

  it('finds a single thread', async () => {
    await connect();
    const { conversations } = await listing(connection, new Map(), idOf('launch-2024'));
    expect([...conversations.keys()]).toEqual([idOf('launch-2024')]);
  });

  it('reports one that does not exist as a problem', async () => {
    await connect();
    const { conversations, problems } = await listing(connection, new Map(), '1000000000000000001');
    expect(conversations.size).toBe(0);
    expect(problems).toMatchObject([{ externalId: '1000000000000000001', reason: 'channel_unreadable' }]);
    expect(await listing(connection, new Map(), 'general')).toMatchObject({
      problems: [{ reason: 'channel_unreadable' }],
    });
  });

  it('says that one may not be read, without asking', async () => {
    await connect();
    const { conversations } = await listing(connection, new Map(), idOf('hidden'));
    expect(conversations.get(idOf('hidden'))?.unreadable).toBe('View Channel is missing.');
    expect(simulator.requests.forbidden).toBe(0);
  });
});
