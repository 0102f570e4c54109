import { afterEach, describe, expect, it } from 'vitest';
import { type MemoryVault, memoryVault } from '../../harness/memory-vault.ts';
import { prepareBaileys } from '../../simulators/whatsapp/baileys-in-tests.ts';
import { startWhatsAppSimulator } from '../../simulators/whatsapp/simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from '../../simulators/whatsapp/whatsapp-simulator.ts';
import { OpenChannel, type OpenedWith } from './open-channel.ts';

prepareBaileys();

let simulator: WhatsAppSimulator;
let vault: MemoryVault;
const opened: OpenChannel[] = [];

const start = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startWhatsAppSimulator({ seed: 7, ...options });
  vault = memoryVault();
};
const track = (channel: OpenChannel): OpenChannel => {
  opened.push(channel);
  return channel;
};
const pair = async (options: Partial<OpenedWith> = {}): Promise<OpenChannel> =>
  track(await OpenChannel.pair(simulator, { vault, ...options }));
const open = (options: Partial<OpenedWith> = {}): OpenChannel =>
  track(OpenChannel.open(simulator, { vault, ...options }));

afterEach(async () => {
  for (const channel of opened.splice(0)) await channel.close();
  await simulator.close();
});

describe('pairing', () => {
  it('shows a QR code, is linked, comes again after 515, and is open as the account', async () => {
    await start();
    const channel = await pair();
    const { owner } = simulator.account().world;
    const [told] = channel.of('connectionOpened');
    expect(told?.account.externalId).toBe(owner.pn);
    expect(channel.of('connectionLost')).toEqual([]);
    expect(simulator.log.violations).toEqual([]);
  });
});
