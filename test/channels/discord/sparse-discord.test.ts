import { Effect } from 'effect';
import { afterEach, describe, expect, it } from 'vitest';
import { historyOf, listing, type OpenedConnection, openConnection } from './opened-connection.ts';
import { type SparseAnswers, type SparseDiscord, startSparseDiscord } from './sparse-discord.ts';

const GUILD = '200000000000000001';
const GENERAL = '200000000000000002';
const VOICE = '200000000000000003';
const POST = '200000000000000004';
const MESSAGE = '200000000000000005';
const BOT = '200000000000000006';
const SECRET = '200000000000000007';
const EVERYONE = { id: GUILD, permissions: String((1n << 10n) | (1n << 16n) | (1n << 20n)) };

const answers: SparseAnswers = {
  token: 'bot-secret',
  ready: { user: { id: BOT }, session_id: 's', resume_gateway_url: 'nowhere', guilds: [] },
  routes: {
    '/users/@me/guilds': [{ id: GUILD }],
    [`/guilds/${GUILD}`]: { id: GUILD, roles: [EVERYONE] },
    [`/guilds/${GUILD}/members/${BOT}`]: { roles: [] },
    [`/guilds/${GUILD}/channels`]: [
      { id: GENERAL, type: 0 },
      { id: VOICE, type: 2 },
      { id: SECRET, type: 0, permission_overwrites: [{ id: GUILD, type: 0, allow: '0', deny: '1024' }] },
      { nonsense: true },
    ],
    [`/guilds/${GUILD}/threads/active`]: { threads: [{ id: POST, type: 11, parent_id: GENERAL }] },
    [`/channels/${GENERAL}/threads/archived/public`]: { threads: [] },
    [`/channels/${GENERAL}/messages`]: [{ id: MESSAGE, author: { id: BOT } }],
  },
};

let server: SparseDiscord;
let connection: OpenedConnection;

const connect = async (change: Partial<SparseAnswers> = {}): Promise<void> => {
  server = await startSparseDiscord({ ...answers, ...change });
  connection = await openConnection({ apiUrl: server.apiUrl, token: 'bot-secret' });
};

afterEach(async () => {
  await connection.close();
  await server.close();
});

describe('a server that leaves out what it may', () => {
  it('is taken as it is, with a token of any shape', async () => {
    await connect();
    expect(await connection.reported('connectionOpened')).toMatchObject({ account: { externalId: BOT, name: null } });
  });

  it('is asked for what the gateway did not bring before anything is listed', async () => {
    await connect();
    await connection.reported('connectionOpened');
    const { conversations, problems } = await listing(connection);
    expect([...conversations.keys()]).toEqual([GENERAL, VOICE, SECRET, POST]);
    expect(conversations.get(GENERAL)).toMatchObject({ name: null, unreadable: null });
    expect(conversations.get(GENERAL)).not.toHaveProperty('newest');
    expect(conversations.get(SECRET)?.unreadable).toBe('View Channel is missing.');
    expect(problems.map(({ reason }) => reason).sort()).toEqual(['malformed_channel', 'threads_unreadable']);
    expect(server.asked.filter((path) => path.includes(SECRET))).toEqual([]);
    expect(new Set(server.asked).size).toBe(server.asked.length);
  });

  it('is read when it says nothing of roles', async () => {
    const { [`/guilds/${GUILD}`]: _, ...routes } = answers.routes;
    await connect({ routes });
    await connection.reported('connectionOpened');
    const { conversations } = await listing(connection);
    expect(conversations.get(GENERAL)?.unreadable).toBeNull();
  });

  it('is listed by the guilds of the gateway when it cannot list them', async () => {
    const { '/users/@me/guilds': _, ...routes } = answers.routes;
    await connect({ routes });
    await connection.reported('connectionOpened');
    server.send({ op: 0, s: 2, t: 'GUILD_CREATE', d: { id: GUILD } });
    await connection.reported('connectionOpened', 2);
    expect((await listing(connection)).conversations.size).toBe(4);
  });

  it('gives messages that say little', async () => {
    await connect();
    await connection.reported('connectionOpened');
    expect(await historyOf(connection, GENERAL)).toMatchObject([
      { externalId: MESSAGE, senderId: BOT, isFromMe: true, text: null, type: 'text' },
    ]);
  });
});

describe('a server that goes astray', () => {
  it('with an address that is none is told, and may be tried again', async () => {
    await connect({ gatewayUrl: 'not an address' });
    expect(await connection.reported('connectionLost')).toMatchObject({
      fate: 'transient',
      code: 'login_failed',
      message: 'The platform named no gateway address that a connection can be made to.',
    });
  });

  it('with an address to resume at that no socket takes is told, and may be tried again', async () => {
    await connect({ resumeAt: (url) => `${url}/#fragment` });
    await connection.reported('connectionOpened');
    server.drop();
    expect(await connection.reported('connectionLost')).toMatchObject({
      fate: 'transient',
      code: 'gateway_unreachable',
    });
  });

  it('with packets that are none is heard on', async () => {
    await connect();
    await connection.reported('connectionOpened');
    for (const d of [null, 7, {}, { id: GUILD, channels: 7 }, { id: 7, roles: [null] }]) {
      for (const t of ['GUILD_CREATE', 'MESSAGE_CREATE', 'CHANNEL_UPDATE', 'GUILD_MEMBER_UPDATE', 'NEWS'])
        server.send({ op: 0, s: 3, t, d });
    }
    const content = 'still here';
    server.send({
      op: 0,
      s: 9,
      t: 'MESSAGE_CREATE',
      d: { id: MESSAGE, channel_id: GENERAL, guild_id: GUILD, content, author: { id: GUILD } },
    });
    const { messages } = await connection.reported('messagesArrived');
    expect(messages[0]?.message.text).toBe(content);
  });

  it('by ignoring where a page shall start leads nobody in circles', async () => {
    const entries = Array.from({ length: 100 }, (_, at) => ({
      id: String(BigInt(MESSAGE) + BigInt(at)),
      channel_id: GENERAL,
      content: `${at}`,
    }));
    await connect({ routes: { ...answers.routes, [`/channels/${GENERAL}/messages`]: entries } });
    await connection.reported('connectionOpened');
    await expect(historyOf(connection, GENERAL)).rejects.toThrow(
      'No entry of the page lies where the page was asked for.',
    );
  });

  it('by answering with messages of another channel is not believed', async () => {
    const stray = [{ id: MESSAGE, channel_id: VOICE, content: 'elsewhere' }];
    await connect({ routes: { ...answers.routes, [`/channels/${GENERAL}/messages`]: stray } });
    await connection.reported('connectionOpened');
    const page = await Effect.runPromise(connection.history.read({ externalId: GENERAL, before: null, limit: 100 }));
    expect(page).toMatchObject({ messages: [], oldest: null, malformed: [{ externalId: MESSAGE, at: null }] });
  });
});

describe('a server that hides what people write', () => {
  const blank = Array.from({ length: 30 }, (_, at) => ({
    id: String(BigInt(MESSAGE) - BigInt(at)),
    content: '',
    author: { id: GUILD },
  }));
  const routes = { ...answers.routes, [`/channels/${GENERAL}/messages`]: blank };

  it('and says that the bot may not read it is left, rather than have empty messages stored', async () => {
    await connect({ routes, ready: { ...answers.ready, application: { id: BOT, flags: 0 } } });
    await connection.reported('connectionOpened');
    await expect(historyOf(connection, GENERAL)).rejects.toThrow('Message Content');
    expect(await connection.reported('connectionLost')).toMatchObject({ fate: 'refused', code: 'intents_missing' });
  });

  it('without a word is read, since the messages may be like that', async () => {
    await connect({ routes });
    await connection.reported('connectionOpened');
    expect(await historyOf(connection, GENERAL)).toHaveLength(30);
  });
});
