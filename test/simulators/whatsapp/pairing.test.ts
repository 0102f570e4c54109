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

describe('pairing with the real client', () => {
  it('links a device by QR code, sends it away with 515, and takes it as that device', async () => {
    await start();
    client.connect();
    const qr = await client.heard((events) => events['connection.update']?.qr);
    simulator.scan(qr);
    expect(await client.closed()).toBe(515);
    const { owner } = simulator.account().world;
    expect(client.auth.creds.me).toMatchObject({
      id: owner.pn.replace('@', ':1@'),
      lid: owner.lid.replace('@', ':1@'),
    });
    await client.reconnect();
    const [device] = simulator.account().linked;
    expect(device?.state.preKeys.length).toBeGreaterThan(700);
    expect(simulator.log.violations).toEqual([]);
  });
});
