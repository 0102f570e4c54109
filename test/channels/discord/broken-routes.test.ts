import { Effect } from 'effect';
import { afterEach, describe, expect, it } from 'vitest';
import type { DirectoryPage, PeoplePage } from '../../../src/channels/channel.ts';
import type { PlatformFailure } from '../../../src/channels/platform-failure.ts';
import { failureOf, type OpenedConnection, openConnection } from './opened-connection.ts';
import { type BrokenAnswer, type SparseAnswers, type SparseDiscord, startSparseDiscord } from './sparse-discord.ts';

const FIRST = '200000000000000001';
const SECOND = '200000000000000002';
const BOT = '200000000000000006';
const SOMEBODY = '200000000000000008';
const QUAY = '200000000000000011';
const BARN = '200000000000000012';
const GOSSIP = '200000000000000021';
const HAY = '200000000000000022';
const everyone = (id: string) => ({ id, permissions: String((1n << 10n) | (1n << 16n) | (1n << 34n)) });

const guildRoutes = (guild: string, channel: string, thread: string): SparseAnswers['routes'] => ({
  [`/guilds/${guild}`]: { id: guild, name: guild, roles: [everyone(guild)] },
  [`/guilds/${guild}/members/${BOT}`]: { roles: [] },
  [`/guilds/${guild}/members`]: [{ user: { id: SOMEBODY } }],
  [`/guilds/${guild}/channels`]: [{ id: channel, type: 0 }],
  [`/guilds/${guild}/threads/active`]: { threads: [] },
  [`/channels/${channel}`]: { id: channel, type: 0, guild_id: guild },
  [`/channels/${channel}/threads/archived/public`]: { threads: [{ id: thread, type: 11, parent_id: channel }] },
  [`/channels/${channel}/threads/archived/private`]: { threads: [] },
});

const answers: SparseAnswers = {
  token: 'bot-secret',
  ready: { user: { id: BOT }, session_id: 's', resume_gateway_url: 'nowhere', guilds: [] },
  routes: {
    '/users/@me/guilds': [{ id: FIRST }, { id: SECOND }],
    ...guildRoutes(FIRST, QUAY, GOSSIP),
    ...guildRoutes(SECOND, BARN, HAY),
  },
};

let server: SparseDiscord;
let connection: OpenedConnection;

const connect = async (change: Partial<SparseAnswers>): Promise<void> => {
  server = await startSparseDiscord({ ...answers, ...change });
  connection = await openConnection({ apiUrl: server.apiUrl, token: 'bot-secret' });
  await connection.reported('connectionOpened');
};

afterEach(async () => {
  await connection.close();
  await server.close();
});

const SERVER_ERROR: BrokenAnswer = { status: 500, text: '{"message": "500: Internal Server Error"}' };
const NO_JSON: BrokenAnswer = { status: 200, text: 'It works!' };
const NO_ROUTE: BrokenAnswer = { status: 404, text: '<!DOCTYPE html><pre>Cannot GET it</pre>' };

type Page = DirectoryPage | PeoplePage;
type Read<P> = (request: { cursor: unknown; lastTry: boolean }) => Effect.Effect<P, PlatformFailure>;

/** As a job reads: a bad answer is tried once more, and that is the last try. */
const readAll = async <P extends Page>(read: Read<P>): Promise<readonly P[]> => {
  const pages: P[] = [];
  let cursor: unknown = null;
  do {
    const of = { cursor };
    const again = (failure: PlatformFailure) =>
      failure._tag === 'BadAnswer' ? read({ ...of, lastTry: true }) : Effect.fail(failure);
    const page: P = await Effect.runPromise(Effect.catch(read({ ...of, lastTry: false }), again));
    pages.push(page);
    cursor = JSON.parse(JSON.stringify(page.nextCursor));
  } while (cursor !== null);
  return pages;
};

const listed = async (only: string | null = null): Promise<readonly string[]> => {
  const pages = await readAll((of) => connection.directory.read({ ...of, bookmarks: new Map(), only }));
  return pages.flatMap(({ conversations }) => conversations.map(({ externalId }) => externalId)).sort();
};

const ALL = [QUAY, BARN, GOSSIP, HAY].sort();
const without = (...ids: readonly string[]): readonly string[] => ALL.filter((id) => !ids.includes(id));

describe.each([
  ['an error 500', SERVER_ERROR],
  ['no JSON', NO_JSON],
  ['a page "not found"', NO_ROUTE],
])('a list of conversations in which one address always answers %s', (_what, broken) => {
  it.each<[string, string, readonly string[]]>([
    ['the guild', `/guilds/${FIRST}`, ALL],
    ["the bot's own roles", `/guilds/${FIRST}/members/${BOT}`, ALL],
    ['the channels', `/guilds/${FIRST}/channels`, without(QUAY, GOSSIP)],
    ['the active threads', `/guilds/${FIRST}/threads/active`, ALL],
    ['the public archive', `/channels/${QUAY}/threads/archived/public`, without(GOSSIP)],
    ['the private archive', `/channels/${QUAY}/threads/archived/private`, ALL],
  ])('is read on behind %s', async (_name, path, expected) => {
    await connect({ broken: { [path]: broken } });
    expect(await listed()).toEqual(expected);
  });

  it('is read by the guilds of the gateway', async () => {
    await connect({ broken: { '/users/@me/guilds': broken } });
    server.send({ op: 0, s: 2, t: 'GUILD_CREATE', d: { id: SECOND } });
    await connection.reported('connectionOpened', 2);
    expect(await listed()).toEqual([BARN, HAY]);
  });

  it('of one channel says that it cannot be read', async () => {
    await connect({ broken: { [`/channels/${QUAY}`]: broken } });
    const pages = await readAll((of) => connection.directory.read({ ...of, bookmarks: new Map(), only: QUAY }));
    expect(pages.flatMap(({ problems }) => problems)).toMatchObject([
      { externalId: QUAY, reason: 'channel_unreadable' },
    ]);
  });
});

describe('a list of conversations', () => {
  it('goes on with the channels that the gateway told where their list is broken', async () => {
    await connect({ broken: { [`/guilds/${FIRST}/channels`]: SERVER_ERROR } });
    const channels = [{ id: QUAY, type: 0 }];
    server.send({ op: 0, s: 2, t: 'GUILD_CREATE', d: { id: FIRST, channels } });
    await connection.reported('conversationsChanged');
    expect(await listed()).toEqual(without(QUAY));
  });

  it('of one channel finds its threads where the channel does not say in which guild it is', async () => {
    const routes = { ...answers.routes, [`/channels/${QUAY}`]: { id: QUAY, type: 0 } };
    await connect({ routes });
    server.send({ op: 0, s: 2, t: 'GUILD_CREATE', d: { id: FIRST, channels: [{ id: QUAY, type: 0 }] } });
    await connection.reported('conversationsChanged');
    expect(await listed(QUAY)).toEqual([GOSSIP, QUAY].sort());
  });
});

describe.each([
  ['an error 500', SERVER_ERROR],
  ['no JSON', NO_JSON],
  ['a page "not found"', NO_ROUTE],
])('a survey of people in which one address always answers %s', (_what, broken) => {
  const read = (kind: 'contacts' | 'groups') => readAll((of) => connection[kind].read({ ...of, withMembers: true }));

  it.each([`/guilds/${FIRST}`, `/guilds/${FIRST}/channels`])('tells the other guilds behind %s', async (path) => {
    await connect({ broken: { [path]: broken } });
    const pages = await read('groups');
    expect(pages.flatMap(({ groups }) => groups.map(({ externalId }) => externalId))).toContain(BARN);
    expect(new Set(pages.flatMap(({ problems }) => problems.map(({ externalId }) => externalId)))).toEqual(
      new Set([FIRST]),
    );
    expect(pages.some(({ completed }) => completed.groups)).toBe(false);
  });

  it.each([`/guilds/${FIRST}`, `/guilds/${FIRST}/members`])('tells the other members behind %s', async (path) => {
    await connect({ broken: { [path]: broken } });
    const pages = await read('contacts');
    expect(pages.flatMap(({ completed }) => completed.membersOf)).toEqual([SECOND]);
    expect(pages.flatMap(({ problems }) => problems)).toMatchObject([{ externalId: FIRST }]);
    expect(pages.at(-1)?.completed.contacts).toBe(false);
  });
});

describe('a survey of people', () => {
  it('that cannot read the list of guilds calls nobody gone', async () => {
    await connect({ broken: { '/users/@me/guilds': SERVER_ERROR } });
    const pages = await readAll((of) => connection.contacts.read({ ...of, withMembers: true }));
    expect(pages.flatMap(({ problems }) => problems)).toMatchObject([{ reason: 'guilds_unreadable' }]);
    expect(pages.at(-1)?.completed.contacts).toBe(false);
  });

  it('tells the members of a server whose flags say that it lists none', async () => {
    await connect({ ready: { ...answers.ready, application: { id: BOT, flags: 0 } } });
    const pages = await readAll((of) => connection.contacts.read({ ...of, withMembers: true }));
    expect(pages.flatMap(({ completed }) => completed.membersOf)).toEqual([FIRST, SECOND]);
  });
});

describe.each([403, 404, 500])('a %i that says that the limit is used up', (status) => {
  it('keeps the next request of that kind back', async () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '60' };
    const path = `/channels/${QUAY}/messages`;
    await connect({ broken: { [path]: { status, text: '{}', headers } } });
    const read = connection.history.read({ externalId: QUAY, before: null, limit: 100 });
    expect((await failureOf(read))._tag).not.toBe('RateLimited');
    expect(await failureOf(read)).toMatchObject({ _tag: 'RateLimited', scope: 'conversation' });
    expect(server.asked.filter((asked) => asked.startsWith(path))).toHaveLength(1);
  });
});

describe('a list of guilds with an entry that is none', () => {
  const routes = {
    ...answers.routes,
    '/users/@me/guilds': [null, { id: FIRST }, { name: 'nameless' }, { id: SECOND }],
  };

  it('is read without it, and says so', async () => {
    await connect({ routes });
    expect(await listed()).toEqual(ALL);
    const pages = await readAll((of) => connection.contacts.read({ ...of, withMembers: true }));
    expect(pages.flatMap(({ problems }) => problems.map(({ reason }) => reason))).toEqual([
      'malformed_guild',
      'malformed_guild',
    ]);
    expect(pages.flatMap(({ completed }) => completed.membersOf)).toEqual([FIRST, SECOND]);
    expect(pages.at(-1)?.completed.contacts).toBe(false);
  });
});
