import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type OpenedConnection, openConnection } from './opened-connection.ts';
import { type SparseAnswers, type SparseDiscord, startSparseDiscord } from './sparse-discord.ts';

const BOT = '200000000000000006';
const GUILD = '200000000000000001';
const [IDENTIFY, RESUME] = [2, 6];

const answers: SparseAnswers = {
  token: 'bot-secret',
  ready: { user: { id: BOT }, session_id: 's', guilds: [] },
  resumeAt: (url) => url,
  routes: {},
};

let server: SparseDiscord;
let connection: OpenedConnection;

const connect = async (change: Partial<SparseAnswers> = {}, options: object = {}): Promise<void> => {
  server = await startSparseDiscord({ ...answers, ...change });
  connection = await openConnection({ apiUrl: server.apiUrl, token: 'bot-secret', resumeLimitMs: 700, ...options });
};

afterEach(async () => {
  await connection.close();
  await server.close();
});

const send = (packet: object) => (socket: { send: (text: string) => void }) => socket.send(JSON.stringify(packet));
type OnPacket = NonNullable<SparseAnswers['onPacket']>;
/** Every RESUME is answered in this way. */
const toResume =
  (answer: (socket: Parameters<OnPacket>[1]) => void): OnPacket =>
  ({ op }, socket) => {
    if (op === RESUME) answer(socket);
    return op === RESUME;
  };

describe('a session that cannot be resumed', () => {
  it.each<[string, Partial<SparseAnswers>]>([
    ['nobody answers', { onPacket: toResume(() => {}) }],
    ['the address knows no gateway', { resumeAt: (url) => `${url}/gone` }],
    ['the address does not exist', { resumeAt: () => 'ws://nobody.invalid' }],
    ['it has timed out each time', { onPacket: toResume((socket) => socket.close(4009)) }],
    ['it may be resumed, always anew', { onPacket: toResume(send({ op: 9, d: true })) }],
    ['it is refused without a yes or no', { onPacket: toResume(send({ op: 9 })) }],
  ])('since %s, is followed by a new one', async (_why, change) => {
    await connect(change);
    const first = await connection.reported('connectionOpened');
    server.drop();
    const second = await connection.reported('connectionOpened', 2);
    expect(second.continuity).not.toBe(first.continuity);
    expect(connection.reports.map(({ type }) => type)).not.toContain('connectionLost');
    expect(server.heard.filter((op) => op === IDENTIFY)).toHaveLength(2);
    expect(server.heard.filter((op) => op === RESUME).length).toBeLessThan(10);
  });

  it('after a reconnect that nobody saw break off, is followed by a new one', async () => {
    await connect({ onPacket: toResume(() => {}) });
    await connection.reported('connectionOpened');
    server.send({ op: 7 });
    server.drop();
    await connection.reported('connectionOpened', 2);
    expect(server.heard).toEqual([IDENTIFY, RESUME, IDENTIFY]);
  });

  it('is not given up after it was resumed', async () => {
    await connect({ onPacket: toResume(send({ op: 0, s: 2, t: 'RESUMED', d: {} })) }, { resumeLimitMs: 1_500 });
    const { continuity } = await connection.reported('connectionOpened');
    for (const nth of [2, 3, 4]) {
      server.drop();
      expect((await connection.reported('connectionOpened', nth)).continuity).toBe(continuity);
    }
  });
});

describe('a guild that the bot joined while the connection was away', () => {
  it('is told as a group when the session is resumed', async () => {
    const joined = { op: 0, s: 2, t: 'GUILD_CREATE', d: { id: GUILD, name: 'Port', channels: [] } };
    const onPacket = toResume((socket) => {
      send(joined)(socket);
      send({ op: 0, s: 3, t: 'RESUMED', d: {} })(socket);
    });
    await connect({ onPacket });
    await connection.reported('connectionOpened');
    server.drop();
    expect(await connection.reported('groupsChanged')).toMatchObject({ groups: [{ externalId: GUILD, name: 'Port' }] });
  });

  it('and those that were there before are no news when a session begins', async () => {
    await connect({ onPacket: toResume(send({ op: 9, d: false })) });
    await connection.reported('connectionOpened');
    server.drop();
    await connection.reported('connectionOpened', 2);
    expect(connection.reports.map(({ type }) => type)).not.toContain('groupsChanged');
  });
});

describe('an address to resume at', () => {
  it.each(['wss://gateway-us-east1-b.discord.gg', 'https://127.0.0.1', 'nowhere', null])(
    'is not believed by a stand-in that says %s: the session is resumed at its gateway',
    async (address) => {
      await connect({
        resumeAt: () => address,
        onPacket: toResume(send({ op: 0, s: 2, t: 'RESUMED', d: {} })),
      });
      await connection.reported('connectionOpened');
      server.drop();
      await connection.reported('connectionOpened', 2);
      expect(server.heard).toEqual([IDENTIFY, RESUME]);
    },
  );
});

describe('a gateway that leaves out what the library takes for granted', () => {
  it.each<[string, object]>([
    ['the guilds', { guilds: undefined }],
    ['a list of guilds', { guilds: null }],
    ['the application', { application: null }],
  ])('in READY (%s) is opened all the same', async (_what, change) => {
    await connect({ ready: { ...answers.ready, ...change } });
    await connection.reported('connectionOpened');
  });

  it.each([null, {}, { heartbeat_interval: null }, { heartbeat_interval: 0 }])(
    'in HELLO (%o) is opened, and not sent heartbeats without end',
    async (hello) => {
      let beats = 0;
      await connect({
        hello,
        onPacket: ({ op }) => {
          if (op === 1) beats += 1;
          return false;
        },
      });
      await connection.reported('connectionOpened');
      server.send({ op: 0, s: 2, t: 'GUILD_CREATE', d: { id: GUILD } });
      await connection.reported('connectionOpened', 2);
      expect(beats).toBeLessThan(2);
    },
  );

  it.each<[string, (url: string) => unknown]>([
    ['shards', (url) => ({ url, shards: null })],
    ['session_start_limit', (url) => ({ url, session_start_limit: null })],
  ])('in the answer that names it (%s) is connected to', async (_what, gateway) => {
    await connect({ gateway });
    await connection.reported('connectionOpened');
  });
});

describe('a gateway that cannot be reached', () => {
  let deaf: Server | null = null;
  afterEach(() => void deaf?.close());

  it('is told with the cause', async () => {
    deaf = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => deaf?.once('listening', resolve));
    const address = deaf.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => deaf?.close(resolve));
    await connect({ gatewayUrl: `ws://127.0.0.1:${port}` }, { loginLimitMs: 1_000 });
    const { code, message } = await connection.reported('connectionLost');
    expect(code).toBe('login_timeout');
    expect(message).toMatch(/^The gateway could not be reached in time: .*ECONNREFUSED/);
  });

  it('is told apart from one that greets and says no more', async () => {
    await connect({ onPacket: () => true }, { loginLimitMs: 1_000 });
    const { message } = await connection.reported('connectionLost');
    expect(message).toBe('The gateway took the connection but did not become ready in time.');
  });
});

describe('an address of the platform', () => {
  it.each(['v10', 'v10/', 'v9'])('may end in a version (%s)', async (version) => {
    server = await startSparseDiscord(answers);
    connection = await openConnection({ apiUrl: `${server.apiUrl}${version}`, token: 'bot-secret' });
    await connection.reported('connectionOpened');
    expect(new Set(server.asked)).toEqual(new Set(['/gateway/bot']));
  });
});
