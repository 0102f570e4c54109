import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { DiscordSimulator } from './discord-simulator.ts';
import { startDiscordSimulator } from './simulator.ts';

interface Payload {
  readonly op: number;
  readonly t: string | null;
  readonly s: number | null;
  readonly d: unknown;
}

/** A bare client: it says what a test tells it to. */
class Line {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  readonly #heard: Payload[] = [];
  readonly #waiting: ((payload: Payload) => void)[] = [];

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.closed = once(this.socket, 'close').then(([code]) => Number(code));
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data) => {
      const payload = JSON.parse(String(data)) as Payload;
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#heard.push(payload);
      else waiting(payload);
    });
  }

  next(): Promise<Payload> {
    const heard = this.#heard.shift();
    return heard === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(heard);
  }

  say(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }));
  }
}

const lines: Line[] = [];
let simulator: DiscordSimulator;
let now = Date.UTC(2026, 0, 1);

const open = async (query = '?v=10&encoding=json'): Promise<Line> => {
  const line = new Line(`${simulator.gateway.url}${query}`);
  lines.push(line);
  await once(line.socket, 'open');
  return line;
};

const greeted = async (): Promise<Line> => {
  const line = await open();
  expect(await line.next()).toMatchObject({ op: 10, d: { heartbeat_interval: 41_250 } });
  return line;
};

const identity = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  token: simulator.token,
  properties: { os: 'linux', browser: 'test', device: 'test' },
  intents: 1 | 512,
  ...more,
});

const identified = async (): Promise<{ line: Line; sessionId: string; seq: number }> => {
  const line = await greeted();
  line.say(2, identity());
  const ready = (await line.next()).d as { session_id: string; guilds: unknown[] };
  let seq = 1;
  for (const _ of ready.guilds) seq = (await line.next()).s ?? 0;
  return { line, sessionId: ready.session_id, seq };
};

const post = (content: string): string =>
  simulator.world.postMessage(simulator.world.channelNamed('general').id, { content });

beforeEach(async () => {
  simulator = await startDiscordSimulator({ seed: 7, now: () => now });
});

afterEach(async () => {
  for (const { socket } of lines.splice(0)) socket.terminate();
  await simulator.close();
});

describe('the gateway', () => {
  it('says READY, then each guild, numbered', async () => {
    const line = await greeted();
    line.say(2, identity());
    expect(await line.next()).toMatchObject({
      t: 'READY',
      s: 1,
      d: { v: 10, guilds: [{ unavailable: true }, { unavailable: true }], application: { id: simulator.bot.id } },
    });
    expect(await line.next()).toMatchObject({ t: 'GUILD_CREATE', s: 2, d: { name: 'Harbour', member_count: 1_501 } });
    expect(await line.next()).toMatchObject({ t: 'GUILD_CREATE', s: 3, d: { name: 'Workshop' } });
    line.say(1, 3);
    expect(await line.next()).toMatchObject({ op: 11 });
  });

  it.each([
    ['a bad token', 4004, { token: 'wrong' }],
    ['intents that do not exist', 4013, { intents: 1 << 30 }],
    ['no intents', 4013, { intents: undefined }],
    ['a shard out of range', 4010, { shard: [2, 2] }],
    ['no properties', 4002, { properties: undefined }],
  ])('closes on %s with %i', async (_, code, more) => {
    const line = await greeted();
    line.say(2, identity(more));
    expect(await line.closed).toBe(code);
  });

  it('closes on a privileged intent that the application does not have with 4014', async () => {
    simulator.faults.disableIntents(['MessageContent']);
    const line = await greeted();
    line.say(2, identity({ intents: 1 | (1 << 15) }));
    expect(await line.closed).toBe(4014);
  });

  it('closes on what breaks the protocol', async () => {
    const text = await greeted();
    text.socket.send('{');
    expect(await text.closed).toBe(4002);
    const large = await greeted();
    large.say(1, 'x'.repeat(4_096));
    expect(await large.closed).toBe(4002);
    const unknown = await greeted();
    unknown.say(99, null);
    expect(await unknown.closed).toBe(4001);
    const early = await greeted();
    early.say(8, {});
    expect(await early.closed).toBe(4003);
    expect(await (await open('?v=6&encoding=json')).closed).toBe(4012);
    const { line } = await identified();
    line.say(2, identity());
    expect(await line.closed).toBe(4005);
  });

  it('closes on more than 120 events in 60 s with 4008', async () => {
    const line = await greeted();
    for (let sent = 0; sent < 121; sent++) line.say(1, null);
    expect(await line.closed).toBe(4008);
  });

  it('lets a bot identify once in 5 s, and counts its sessions down', async () => {
    await identified();
    const hasty = await greeted();
    hasty.say(2, identity());
    expect(await hasty.next()).toMatchObject({ op: 9, d: false });
    now += 5_000;
    hasty.say(2, identity());
    expect(await hasty.next()).toMatchObject({ t: 'READY' });
    expect(simulator.gateway.sessionStartLimit(simulator.bot)).toMatchObject({ total: 1_000, remaining: 997 });
  });

  it('replays what a resumed session missed, then says RESUMED', async () => {
    const { line, sessionId, seq } = await identified();
    post('heard');
    const heard = await line.next();
    simulator.faults.onGateway({ kind: 'drop' });
    expect(await line.closed).toBe(1006);
    post('missed');
    const again = await greeted();
    again.say(6, { token: simulator.token, session_id: sessionId, seq });
    expect(await again.next()).toEqual(heard);
    expect(await again.next()).toMatchObject({ t: 'MESSAGE_CREATE', s: seq + 2, d: { content: '' } });
    expect(await again.next()).toMatchObject({ t: 'RESUMED', s: seq + 3 });
  });

  it('does not resume what is unknown, expired, ahead of itself or given up', async () => {
    const resume = async (sessionId: string, seq: number): Promise<Line> => {
      const line = await greeted();
      line.say(6, { token: simulator.token, session_id: sessionId, seq });
      return line;
    };
    expect(await (await resume('nobody', 1)).next()).toMatchObject({ op: 9, d: false });
    const { line, sessionId, seq } = await identified();
    expect(await (await resume(sessionId, seq + 1)).closed).toBe(4007);
    simulator.faults.onGateway({ kind: 'drop' });
    await line.closed;
    now += 300_001;
    expect(await (await resume(sessionId, seq)).next()).toMatchObject({ op: 9, d: false });
    const left = await identified();
    left.line.socket.close(1000);
    await left.line.closed;
    expect(await (await resume(left.sessionId, left.seq)).next()).toMatchObject({ op: 9, d: false });
  });

  it('asks to reconnect, closes with a code, holds events back and plays dead when told to', async () => {
    const { line } = await identified();
    const hold = simulator.faults.onGateway({ kind: 'hold' });
    post('late');
    simulator.faults.onGateway({ kind: 'reconnect' });
    expect(await line.next()).toMatchObject({ op: 7 });
    hold.release();
    expect(await line.next()).toMatchObject({ t: 'MESSAGE_CREATE' });
    simulator.faults.onGateway({ kind: 'close', code: 4000 });
    expect(await line.closed).toBe(4000);

    const refused = simulator.faults.onGateway({ kind: 'close', code: 4009 }, { when: 'identify' });
    const unlucky = await greeted();
    unlucky.say(2, identity());
    expect(await unlucky.closed).toBe(4009);
    await refused.struck();

    const dead = await greeted();
    simulator.faults.onGateway({ kind: 'dead' });
    dead.say(1, null);
    const alive = await greeted();
    alive.say(1, null);
    expect(await alive.next()).toMatchObject({ op: 11 });
    expect(dead.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('tells only what intents and permissions let a session know', async () => {
    const line = await greeted();
    line.say(2, identity({ intents: 512 }));
    expect(await line.next()).toMatchObject({ t: 'READY' });
    const { world } = simulator;
    world.createChannel(world.guilds[0]?.id ?? '', { name: 'unannounced' });
    world.postMessage(world.channelNamed('hidden').id, { content: 'unseen' });
    const ids = [post('one'), post('two')];
    world.deleteMessages(world.channelNamed('general').id, ids);
    expect([(await line.next()).t, (await line.next()).t]).toEqual(['MESSAGE_CREATE', 'MESSAGE_CREATE']);
    expect(await line.next()).toMatchObject({ t: 'MESSAGE_DELETE_BULK', d: { ids } });
  });

  it('sends the members of a guild in chunks to who has the intent', async () => {
    const line = await greeted();
    line.say(2, identity({ intents: 1 | 2 }));
    for (let greeting = 0; greeting < 3; greeting++) await line.next();
    line.say(8, { guild_id: simulator.world.guilds[0]?.id, query: '', limit: 0, nonce: 'n' });
    const [first, second] = [await line.next(), await line.next()];
    expect(first).toMatchObject({ t: 'GUILD_MEMBERS_CHUNK', d: { chunk_index: 0, chunk_count: 2, nonce: 'n' } });
    expect((second.d as { members: unknown[] }).members).toHaveLength(501);
  });
});
