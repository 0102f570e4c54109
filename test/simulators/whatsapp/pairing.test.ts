import { initAuthCreds } from '@whiskeysockets/baileys';
import { afterEach, describe, expect, it } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from './whatsapp-simulator.ts';

let simulator: WhatsAppSimulator;
let client: BaileysClient;

prepareBaileys();

const start = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startWhatsAppSimulator({ seed: 7, ...options });
  client = new BaileysClient(simulator);
};

afterEach(async () => {
  await client.end();
  await simulator.close();
});

const qrCode = (): Promise<string> => client.heard((events) => events['connection.update']?.qr);

const me = (id: number) => {
  const { pn, lid } = simulator.account().world.owner;
  return { id: pn.replace('@', `:${id}@`), lid: lid.replace('@', `:${id}@`) };
};

describe('pairing by QR code', () => {
  it('links a device, sends it away with 515, and takes it as that device', async () => {
    await start();
    client.connect();
    simulator.scan(await qrCode());
    expect(await client.closed()).toBe(515);
    expect(client.auth.creds.me).toMatchObject(me(1));
    await client.reconnect();
    const [device] = simulator.account().linked;
    expect(device?.state.preKeys.length).toBeGreaterThan(700);
    expect(simulator.isOnline()).toBe(true);
    expect(simulator.log.violations).toEqual([]);
  });

  it('takes the device again and again, and gives every new one another number', async () => {
    await start();
    await client.pair();
    await client.reconnect();
    await client.reconnect();
    const second = new BaileysClient(simulator);
    await second.pair();
    expect(second.auth.creds.me).toMatchObject(me(2));
    expect(simulator.account().linked.map(({ id }) => id)).toEqual([1, 2]);
    await second.end();
    expect(simulator.log.violations).toEqual([]);
  });

  it('refuses a QR code that is none, was shown by another connection, or is not the one that was shown', async () => {
    await start();
    client.connect();
    const qr = await qrCode();
    expect(() => simulator.scan('https://example.org')).toThrow('no QR code of WhatsApp');
    const [head = '', ...keys] = qr.split(',');
    expect(() => simulator.scan([`${head}x`, ...keys].join())).toThrow('nobody shows this QR code');
    const other = Buffer.alloc(32, 7).toString('base64');
    expect(() => simulator.scan([head, other, ...keys.slice(1)].join())).toThrow('the noise key is not that');
    expect(() => simulator.scan([head, keys[0], other, ...keys.slice(2)].join())).toThrow('the identity key is not');
    await client.end();
    expect(() => simulator.scan(qr)).toThrow('nobody shows this QR code');
  });

  it('leaves the client without a device when the secret in the code was not its own', async () => {
    await start();
    client.connect();
    const [ref, noise, identity, , platform] = (await qrCode()).split(',');
    simulator.scan([ref, noise, identity, Buffer.alloc(32, 7).toString('base64'), platform].join());
    expect(await client.closed()).not.toBe(515);
    expect(client.auth.creds.me).toBeUndefined();
    expect(simulator.account().linked).toEqual([]);
  });

  it('keeps the device when the line is cut before it is told to come again', async () => {
    await start();
    simulator.faults.add({ kind: 'close', at: 'paired' });
    client.connect();
    simulator.scan(await qrCode());
    expect(await client.closed()).not.toBe(515);
    await client.reconnect();
    expect(simulator.isOnline()).toBe(true);
  });
});

describe('pairing by code', () => {
  const askForCode = async (phoneNumber = '491700000001'): Promise<string> => {
    const socket = client.connect();
    await qrCode();
    return socket.requestPairingCode(phoneNumber);
  };

  it('links a device whose code the owner types into the phone', async () => {
    await start();
    const code = await askForCode();
    await simulator.enterCode(`${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase());
    expect(await client.closed()).toBe(515);
    expect(client.auth.creds).toMatchObject({ registered: true, me: me(1) });
    await client.reconnect();
    expect(simulator.log.violations).toEqual([]);
  });

  it('keeps its connection, and with it the code, while it keeps alive', async () => {
    await start();
    const code = await askForCode();
    const ping = { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' };
    const answer = await client.socket.query({ tag: 'iq', attrs: ping, content: [{ tag: 'ping', attrs: {} }] });
    expect(answer).toMatchObject({ tag: 'iq', attrs: { type: 'result' } });
    await simulator.enterCode(code);
    expect(await client.closed()).toBe(515);
    expect(simulator.log.violations).toEqual([]);
  });

  it('links nothing when another code was typed', async () => {
    await start();
    await askForCode();
    await simulator.enterCode('AAAAAAAA');
    expect(await client.closed()).not.toBe(515);
    expect(simulator.account().linked).toEqual([]);
    expect(simulator.log.violations).toMatchObject([
      { part: 'pairing', message: expect.stringContaining('another code') },
    ]);
  });

  it('has nobody to link when no companion asked for this number', async () => {
    await start();
    await expect(simulator.enterCode('AAAAAAAA')).rejects.toThrow('nobody waits for a code');
    await askForCode('4912345678');
    await expect(simulator.enterCode('AAAAAAAA')).rejects.toThrow('nobody waits for a code');
  });
});

describe('logging in', () => {
  it('is refused to devices that the account does not have, and to whoever has other keys', async () => {
    await start();
    client.auth.creds.me = { id: '491700000001:9@s.whatsapp.net' };
    client.connect();
    expect(await client.closed()).toBe(401);
    const honest = new BaileysClient(simulator);
    await honest.pair();
    const impostor = new BaileysClient(simulator);
    Object.assign(impostor.auth.creds, { me: honest.auth.creds.me, noiseKey: initAuthCreds().noiseKey });
    impostor.connect();
    expect(await impostor.closed()).toBe(401);
    expect(simulator.isOnline()).toBe(true);
    await impostor.end();
    await honest.end();
  });

  it('ends when the owner removes the device, and is refused from then on', async () => {
    await start();
    await client.pair();
    simulator.unlink();
    expect(await client.closed()).toBe(401);
    await client.end();
    client.connect();
    expect(await client.closed()).toBe(401);
    expect(simulator.account().linked).toEqual([]);
  });

  it('is refused to a banned account', async () => {
    await start();
    await client.pair();
    simulator.ban();
    expect(await client.closed()).toBe(403);
    await client.end();
    client.connect();
    expect(await client.closed()).toBe(403);
  });

  it('takes the session from whoever had it before', async () => {
    await start();
    await client.pair();
    const second = new BaileysClient(simulator);
    Object.assign(second.auth.creds, client.auth.creds);
    second.connect();
    expect(await client.closed()).toBe(440);
    await second.opened();
    await second.end();
  });

  it('gives back the routing information of the last time', async () => {
    await start();
    await client.pair();
    await expect.poll(() => client.auth.creds.routingInfo).toEqual(simulator.account().linked[0]?.state.routingInfo);
    await client.reconnect();
    client.auth.creds.routingInfo = Buffer.from('elsewhere');
    await client.end();
    client.connect();
    await client.closed();
    expect(simulator.log.violations).toMatchObject([{ part: 'introduction' }]);
  });

  it('removes the device that logs out by itself', async () => {
    await start();
    await client.pair();
    await client.socket.logout();
    await expect.poll(() => simulator.account().linked).toEqual([]);
    expect(simulator.log.violations).toEqual([]);
  });
});
