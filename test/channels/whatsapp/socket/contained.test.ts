import type { AddressInfo } from 'node:net';
import { initAuthCreds, makeWASocket } from '@whiskeysockets/baileys';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { baileysLogger } from '../../../../src/channels/whatsapp/socket/baileys-logger.ts';
import { containFaults } from '../../../../src/channels/whatsapp/socket/contained.ts';
import { InstanceId } from '../../../../src/domain/ids.ts';
import { silentLog } from '../../../../src/domain/log.ts';
import { memoryVault } from '../../../harness/memory-vault.ts';
import { prepareBaileys } from '../../../simulators/whatsapp/baileys-in-tests.ts';
import { OpenChannel } from '../open-channel.ts';

prepareBaileys();

const servers: WebSocketServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that answers each connection with these bytes. */
const babbling = async (bytes: Buffer): Promise<string> => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  servers.push(server);
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', () => socket.send(bytes));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};

describe('a server that talks nonsense', () => {
  it.each([
    ['bytes that are no frame', Buffer.from([0xff, 0xff, 0xff, 1, 2, 3])],
    ['a frame of bytes that are no handshake', Buffer.concat([Buffer.from([0, 0, 64]), Buffer.alloc(64, 0xee)])],
    ['an empty frame', Buffer.from([0, 0, 0])],
  ])('loses its own connection and disturbs nobody: %s', async (_, bytes) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const socketUrl = await babbling(bytes);
    const channel = OpenChannel.at({ socketUrl, mediaUrl: null }, { vault: memoryVault() });
    const outcome = channel.told('connectionLost').then(() => 'lost');
    const [server] = servers;
    await new Promise((resolve) =>
      server?.once('connection', (socket) => socket.once('message', () => setImmediate(resolve))),
    );
    for (const client of server?.clients ?? []) client.close();
    expect(await outcome).toBe('lost');
    await channel.close();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('a listener of the library that fails', () => {
  it('is heard of, and is no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const faults: unknown[] = [];
    const keys = { get: async () => ({}), set: async () => {} };
    const logger = baileysLogger(silentLog, InstanceId.make('00000000-0000-4000-8000-000000000001'));
    const socket = makeWASocket({
      auth: { creds: initAuthCreds(), keys },
      logger,
      waWebSocketUrl: 'ws://127.0.0.1:9/',
      shouldSyncHistoryMessage: () => false,
    });
    containFaults(socket.ws, (error) => faults.push(error));
    // The socket is not open, so that the answer to this cannot be sent.
    socket.ws.emit('CB:iq,type:set,pair-device', { tag: 'iq', attrs: { id: '1' } });
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    await socket.end(undefined);
    process.off('unhandledRejection', note);
    expect(faults.length).toBe(1);
    expect(unhandled).toEqual([]);
  });
});
