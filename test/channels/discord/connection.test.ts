import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from '../../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../../simulators/discord/simulator.ts';
import { failureOf, type OpenedConnection, type Opening, openConnection } from './opened-connection.ts';

let simulator: DiscordSimulator;
let connection: OpenedConnection;

const connect = async (options: SimulatorOptions = {}, opening: Partial<Opening> = {}): Promise<void> => {
  simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off', identifyIntervalMs: 0, ...options });
  connection = await openConnection({ apiUrl: simulator.apiUrl, token: simulator.token, ...opening });
};

afterEach(async () => {
  await connection.close();
  await simulator.close();
});

describe('a Discord connection', () => {
  it('reports the account once it is open', async () => {
    await connect();
    const { account, continuity } = await connection.reported('connectionOpened');
    expect(account).toEqual({ externalId: simulator.bot.id, name: simulator.bot.user.name });
    expect(continuity).not.toBe('');
    expect(connection.reports.filter(({ type }) => type.startsWith('connection'))).toHaveLength(1);
  });

  it('keeps its continuity when the session is resumed after a drop', async () => {
    await connect();
    const first = await connection.reported('connectionOpened');
    simulator.faults.onGateway({ kind: 'drop' });
    await connection.reported('connectionInterrupted');
    const second = await connection.reported('connectionOpened', 2);
    expect(second.continuity).toBe(first.continuity);
  });

  it('hears what was written while it was away, under the same continuity', async () => {
    await connect();
    const { continuity } = await connection.reported('connectionOpened');
    simulator.faults.onGateway({ kind: 'drop' });
    const messageId = simulator.world.postMessage(simulator.world.channelNamed('general').id, { content: 'meanwhile' });
    const arrived = await connection.reported('messagesArrived');
    expect(arrived.continuity).toBe(continuity);
    expect(arrived.messages[0]?.message.externalId).toBe(messageId);
  });

  it('changes its continuity when the session was invalidated', async () => {
    await connect();
    const first = await connection.reported('connectionOpened');
    simulator.faults.onGateway({ kind: 'invalidSession', resumable: false });
    const second = await connection.reported('connectionOpened', 2);
    expect(second.continuity).not.toBe(first.continuity);
    const states = connection.reports.map(({ type }) => type).filter((type) => type.startsWith('connection'));
    expect(states).toEqual(['connectionOpened', 'connectionInterrupted', 'connectionOpened']);
  });

  it('is refused with a token that Discord does not know, and says so once', async () => {
    await connect({}, { token: 'bot-of-nobody' });
    const lost = await connection.reported('connectionLost');
    expect(lost).toMatchObject({ fate: 'refused', code: 'token_refused' });
    expect(JSON.stringify(connection.reports)).not.toContain('bot-of-nobody');
    expect(connection.reports).toHaveLength(1);
  });

  it('is refused when its token is revoked under way', async () => {
    await connect();
    await connection.reported('connectionOpened');
    simulator.faults.revokeToken();
    expect(await connection.reported('connectionLost')).toMatchObject({ fate: 'refused', code: 'token_refused' });
  });

  it('is refused when a request meets a revoked token', async () => {
    await connect();
    await connection.reported('connectionOpened');
    simulator.faults.add({ kind: 'status', status: 401 });
    const failure = await failureOf(connection.directory.read({ cursor: null, bookmarks: new Map(), only: null }));
    expect(failure._tag).toBe('CredentialsRefused');
    expect(await connection.reported('connectionLost')).toMatchObject({ fate: 'refused', code: 'token_refused' });
    const after = await failureOf(connection.directory.read({ cursor: null, bookmarks: new Map(), only: null }));
    expect(after._tag).toBe('Unreachable');
  });

  it('is refused without the Message Content intent, and says how to enable it', async () => {
    const simulated = await startDiscordSimulator({ seed: 7, rateLimits: 'off' });
    simulator = simulated;
    simulated.faults.disableIntents(['MessageContent']);
    connection = await openConnection({ apiUrl: simulated.apiUrl, token: simulated.token });
    const lost = await connection.reported('connectionLost');
    expect(lost).toMatchObject({ fate: 'refused', code: 'intents_missing' });
    expect(lost.message).toContain('Message Content');
  });

  it('asks for no other privileged intent', async () => {
    const simulated = await startDiscordSimulator({ seed: 7, rateLimits: 'off' });
    simulator = simulated;
    simulated.faults.disableIntents(['GuildMembers', 'GuildPresences']);
    connection = await openConnection({ apiUrl: simulated.apiUrl, token: simulated.token });
    await connection.reported('connectionOpened');
  });

  it.each([
    [4010, 'sharding_refused'],
    [4011, 'sharding_refused'],
    [4012, 'api_version_refused'],
  ])('gives up when the gateway closes with %i', async (code, expected) => {
    await connect();
    await connection.reported('connectionOpened');
    simulator.faults.onGateway({ kind: 'close', code });
    expect(await connection.reported('connectionLost')).toMatchObject({ fate: 'refused', code: expected });
    expect(connection.reports.filter(({ type }) => type === 'connectionLost')).toHaveLength(1);
  });

  it('may be tried again when nobody is there', async () => {
    simulator = await startDiscordSimulator({ seed: 7 });
    await simulator.close();
    connection = await openConnection({ apiUrl: simulator.apiUrl, token: simulator.token });
    expect(await connection.reported('connectionLost')).toMatchObject({ fate: 'transient', code: 'unreachable' });
  });

  it('may be tried again after an error page', async () => {
    const simulated = await startDiscordSimulator({ seed: 7, rateLimits: 'off' });
    simulator = simulated;
    simulated.faults.add({ kind: 'html' });
    connection = await openConnection({ apiUrl: simulated.apiUrl, token: simulated.token });
    expect(await connection.reported('connectionLost')).toMatchObject({ fate: 'transient', code: 'bad_answer' });
  });

  it('may be tried again when logins are limited', async () => {
    const simulated = await startDiscordSimulator({ seed: 7, rateLimits: 'off' });
    simulator = simulated;
    simulated.faults.add({ kind: 'rateLimited', retryAfterMs: 5_000 });
    connection = await openConnection({ apiUrl: simulated.apiUrl, token: simulated.token });
    expect(await connection.reported('connectionLost')).toMatchObject({ fate: 'transient', code: 'rate_limited' });
  });

  it('gives up a login that the gateway never answers', async () => {
    const simulated = await startDiscordSimulator({ seed: 7, rateLimits: 'off' });
    simulator = simulated;
    simulated.faults.onGateway({ kind: 'dead' }, { when: 'connect', times: 100 });
    connection = await openConnection({ apiUrl: simulated.apiUrl, token: simulated.token, loginLimitMs: 200 });
    expect(await connection.reported('connectionLost')).toMatchObject({ fate: 'transient', code: 'login_timeout' });
  });

  it('leaves nothing behind when it is closed while it reconnects', async () => {
    await connect();
    await connection.reported('connectionOpened');
    simulator.faults.onGateway({ kind: 'drop' });
    await connection.reported('connectionInterrupted');
    await connection.close();
    expect(simulator.gateway.online).toBe(0);
  });
});

describe('a gateway that accepts connections and says nothing', () => {
  let silent: Server;
  afterEach(() => new Promise<void>((resolve) => silent.close(() => resolve())));

  it('can be left while the connection is being made', async () => {
    const held = Promise.withResolvers<void>();
    silent = createServer(() => held.resolve()).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off' });
    simulator.gateway.decoy = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    connection = await openConnection({ apiUrl: simulator.apiUrl, token: simulator.token });
    await held.promise;
    await connection.close();
    expect(connection.reports).toEqual([]);
  });
});
