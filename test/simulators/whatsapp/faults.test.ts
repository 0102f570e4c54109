import { proto } from '@whiskeysockets/baileys';
import { afterEach, describe, expect, it } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import { readHistory } from './read-history.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from './whatsapp-simulator.ts';
import { defaultWorld } from './world/default-world.ts';

let simulator: WhatsAppSimulator;
let client: BaileysClient;

prepareBaileys();

const start = async (options: SimulatorOptions = {}): Promise<void> => {
  const world = (now: number) => defaultWorld(now, { messages: 300 });
  simulator = await startWhatsAppSimulator({ seed: 7, world, push: { chunkMessages: 40 }, ...options });
  client = new BaileysClient(simulator);
};

afterEach(async () => {
  await client.end();
  await simulator.close();
});

const pieceName = ({ syncType, chunkOrder }: proto.Message.IHistorySyncNotification): string =>
  `${proto.HistorySync.HistorySyncType[syncType ?? 0]} ${chunkOrder}`;

describe('a connection', () => {
  it.each(['upgrade', 'hello', 'finish', 'success'] as const)('breaks at %s, and the next one holds', async (at) => {
    await start();
    await client.pair();
    await client.end();
    const fault = simulator.faults.add({ kind: 'close', at });
    client.connect();
    expect(await client.closed()).toBe(428);
    expect(fault.count).toBe(1);
    await client.reconnect();
    expect(simulator.isOnline()).toBe(true);
  });

  it.each([401, 402, 403, 405, 503] as const)('is refused with %d', async (reason) => {
    await start();
    await client.pair();
    await client.end();
    simulator.faults.add({ kind: 'refuseLogin', reason }, { account: '491700000001' });
    client.connect();
    expect(await client.closed()).toBe(reason);
    await client.reconnect();
  });

  it('hangs without a <success>', async () => {
    await start();
    await client.pair();
    await client.end();
    const fault = simulator.faults.add({ kind: 'noSuccess' });
    client.connect();
    await fault.struck();
    expect(simulator.isOnline()).toBe(false);
    simulator.dropConnections();
    expect(await client.closed()).toBe(428);
    expect(client.events.some((events) => events['connection.update']?.connection === 'open')).toBe(false);
  });

  it('falls silent, pings included, until the client gives it up', async () => {
    await start();
    client = new BaileysClient(simulator, { keepAliveIntervalMs: 100 });
    await client.pair();
    simulator.faults.add({ kind: 'hang' });
    const question = client.socket.query(
      { tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' } },
      300,
    );
    await expect(question).rejects.toThrow();
    expect(await client.closed()).toBe(408);
    await client.reconnect();
  });

  it.each([
    ['replaced', 440],
    ['restart', 515],
    ['unavailable', 503],
    ['banned', 403],
  ] as const)('ends as %s', async (reason, code) => {
    await start();
    await client.pair();
    simulator.endSession(reason);
    expect(await client.closed()).toBe(code);
    await client.reconnect();
  });

  it('breaks in the middle of pushed history, which goes on with the next one, complete', async () => {
    await start({ push: { chunkMessages: 40, pauseMs: 20 } });
    client.connect();
    simulator.scan(await client.heard((events) => events['connection.update']?.qr));
    await client.closed();
    const cut = simulator.faults.add({ kind: 'close', at: 'midHistory' }, { skip: 3, times: 2 });
    const last = client.until(() =>
      client.notifications.some(({ progress, syncType }) => progress === 100 && Number(syncType) === 3)
        ? true
        : undefined,
    );
    for (let isDone = false; !isDone; ) {
      await client.end();
      client.connect();
      isDone = await Promise.race([last, client.closed().then(() => false)]);
    }
    expect(cut.count).toBe(2);
    await simulator.idle();
    const pieces = new Set(client.notifications.map(pieceName));
    expect(pieces).toContain('INITIAL_BOOTSTRAP 1');
    const recent = client.notifications
      .filter(({ syncType }) => Number(syncType) === 3)
      .map(({ chunkOrder }) => chunkOrder ?? 0);
    expect(new Set(recent)).toEqual(new Set(Array.from({ length: Math.max(...recent) }, (_, at) => at + 1)));
    await expect.poll(() => simulator.account().linked[0]?.waiting).toEqual([]);
  });

  it('breaks when a request for history arrived, and the answer comes with the next one', async () => {
    await start();
    await client.pair();
    await simulator.idle();
    await expect.poll(() => simulator.account().linked[0]?.waiting).toEqual([]);
    const [, anchor] = [...simulator.groundTruth({ chat: 'Ada' })].slice(-2);
    simulator.faults.add({ kind: 'close', at: 'afterRequest' });
    const key = { remoteJid: anchor?.channelId ?? '', id: anchor?.messageId ?? '', fromMe: anchor?.isFromMe ?? false };
    const id = await client.socket.fetchMessageHistory(50, key, anchor?.timestamp ?? 0);
    await client.closed();
    await client.end();
    client.connect();
    const answer = await client.until(() =>
      client.notifications.find(({ peerDataRequestSessionId }) => peerDataRequestSessionId === id),
    );
    expect((await readHistory(simulator, answer)).conversations[0]?.messages?.length).toBeGreaterThan(20);
    await client.opened();
  });
});

describe('a file of history', () => {
  it('is refused, cut or spoilt as told, then given; and only by its whole path', async () => {
    await start();
    await client.pair();
    const notification = await client.until(() => client.notifications.find(({ directPath }) => directPath));
    const path = notification.directPath ?? '';
    for (const how of [404, 500] as const) {
      simulator.faults.add({ kind: 'blob', how });
      await expect(readHistory(simulator, notification)).rejects.toMatchObject({ status: how });
    }
    for (const how of ['cut', 'corrupt'] as const) {
      simulator.faults.add({ kind: 'blob', how });
      await expect(readHistory(simulator, notification)).rejects.toThrow();
    }
    expect((await readHistory(simulator, notification)).syncType).toBeDefined();
    const statusOf = async (directPath: string): Promise<number> => {
      const response = await fetch(`${simulator.mediaUrl}${directPath}`);
      await response.arrayBuffer();
      return response.status;
    };
    expect(await statusOf(path)).toBe(200);
    expect(await statusOf(path.replace(/oh=[^&]*/, 'oh=00'))).toBe(403);
    expect(await statusOf(path.replace(/oe=[^&]*/, 'oe=7FFFFFFF'))).toBe(403);
    expect(await statusOf(path.replace(/\/[0-9A-F]{32}/, `/${'0'.repeat(32)}`))).toBe(404);
    expect(await statusOf('/mms/md-app-state/x')).toBe(404);
    expect(simulator.downloads.map(({ status }) => status).slice(-5)).toEqual([200, 403, 403, 404, 404]);
  });

  it('expires', async () => {
    let now = Date.now();
    await start({ now: () => now });
    await client.pair();
    const { directPath } = await client.until(() =>
      client.notifications.find((notification) => notification.directPath),
    );
    now += 31 * 86_400_000;
    const response = await fetch(`${simulator.mediaUrl}${directPath}`);
    expect([response.status, await response.text()]).toEqual([410, 'URL signature expired']);
  });
});

describe('faults', () => {
  it('strike the account and chat that they aim at, after what they skip, as often as told', async () => {
    await start();
    const { faults } = simulator;
    const [one, two] = [{ phoneNumber: '1' }, { phoneNumber: '2' }];
    const fault = faults.add({ kind: 'silentPhone' }, { account: '1', chat: 'Ada', skip: 1, times: 2 });
    const strike = (on: { phoneNumber: string }, chat: string) =>
      faults.take('silentPhone', on, undefined, chat) !== null;
    expect([strike(two, 'Ada'), strike(one, 'Ben'), strike(one, 'Ada')]).toEqual([false, false, false]);
    expect([strike(one, 'Ada'), strike(one, 'Ada'), strike(one, 'Ada')]).toEqual([true, true, false]);
    expect(fault.count).toBe(2);
    const always = faults.add({ kind: 'silentPhone' }, { times: -1 });
    expect([strike(two, 'x'), strike(two, 'x'), strike(two, 'x')]).toEqual([true, true, true]);
    always.remove();
    expect(strike(two, 'x')).toBe(false);
  });
});
