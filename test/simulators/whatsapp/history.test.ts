import { proto } from '@whiskeysockets/baileys';
import { afterEach, describe, expect, it } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from './whatsapp-simulator.ts';

let simulator: WhatsAppSimulator;
let client: BaileysClient;

prepareBaileys();

const start = async (options: SimulatorOptions = {}, syncFullHistory = false): Promise<void> => {
  simulator = await startWhatsAppSimulator({ seed: 7, ...options });
  client = new BaileysClient(simulator, { syncFullHistory });
};

afterEach(async () => {
  await client.end();
  await simulator.close();
});

describe('pushed history', () => {
  it('comes inline as far as it fits, decrypted and taken in by Baileys itself', async () => {
    await start();
    await client.pair();
    const set = await client.heard((events) => events['messaging-history.set']);
    expect(set.syncType).toBe(proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP);
    expect(set.chats.length).toBeGreaterThan(10);
    expect(set.messages.length).toBeGreaterThan(50);
    expect(simulator.log.violations).toEqual([]);
  });
});
