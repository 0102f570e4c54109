import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import { readHistory } from './read-history.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from './whatsapp-simulator.ts';
import { defaultWorld } from './world/default-world.ts';

prepareBaileys();

let stateDir: string;
let simulator: WhatsAppSimulator;
let client: BaileysClient;

const start = async (options: SimulatorOptions = {}): Promise<void> => {
  const world = (bornAt: number) => defaultWorld(bornAt, { messages: 300 });
  simulator = await startWhatsAppSimulator({ seed: 7, world, stateDir, push: { chunkMessages: 40 }, ...options });
};

/** The simulator ends and begins again on the same port. */
const restart = async (options: SimulatorOptions = {}): Promise<void> => {
  const { port } = simulator;
  await simulator.close();
  await start({ port, ...options });
  client.simulator = simulator;
};

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'whatsapp-simulator-'));
  await start();
  client = new BaileysClient(simulator);
});

afterEach(async () => {
  await client.end();
  await simulator.close();
  await rm(stateDir, { recursive: true, force: true });
});

describe('a simulator with a folder', () => {
  it('knows its devices, its world and its files after a restart', async () => {
    await client.pair();
    await simulator.idle();
    const truth = [...simulator.groundTruth()];
    const notification = await client.until(() => client.notifications.find(({ directPath }) => directPath));
    await restart();
    expect([...simulator.groundTruth()]).toEqual(truth);
    await client.reconnect();
    expect((await readHistory(simulator, notification)).syncType).toBeDefined();
    const content = { type: 'text', text: 'still here' } as const;
    const id = await simulator.edit({ edit: 'message', chat: 'Sailing', from: 'Ada', content });
    const heard = await client.heard((events) => events['messages.upsert']?.messages.find(({ key }) => key.id === id));
    expect(heard.message?.conversation).toBe('still here');
    await restart();
    expect([...simulator.groundTruth({ chat: 'Sailing' })].at(-1)).toMatchObject({
      messageId: id,
      content: 'still here',
    });
    expect(simulator.log.violations).toEqual([]);
  });

  it('delivers after a restart what waited before', async () => {
    await client.pair();
    await simulator.idle();
    await expect.poll(() => simulator.account().linked[0]?.waiting).toEqual([]);
    await client.end();
    const content = { type: 'text', text: 'waited' } as const;
    const id = await simulator.edit({ edit: 'message', chat: 'Ada', from: 'Ada', content });
    await restart();
    expect(simulator.account().linked[0]?.waiting).toHaveLength(1);
    client.connect();
    const heard = await client.heard((events) => events['messages.upsert']?.messages.find(({ key }) => key.id === id));
    expect(heard.message?.conversation).toBe('waited');
    await client.opened();
  });

  it('goes on pushing where it was, and pushes nothing twice', async () => {
    await restart({ push: { chunkMessages: 20, pauseMs: 40 } });
    await client.pair();
    await client.until(() => (client.notifications.length > 3 ? true : undefined));
    await client.end();
    await restart({ push: { chunkMessages: 20, pauseMs: 0 } });
    client.connect();
    await client.until(() =>
      client.notifications.some(({ progress, syncType }) => progress === 100 && Number(syncType) === 3)
        ? true
        : undefined,
    );
    await simulator.idle();
    await expect.poll(() => simulator.account().linked[0]?.waiting).toEqual([]);
    const recent = client.notifications
      .filter(({ syncType }) => Number(syncType) === 3)
      .map(({ chunkOrder }) => chunkOrder ?? 0);
    expect(new Set(recent)).toEqual(new Set(Array.from({ length: Math.max(...recent) }, (_, at) => at + 1)));
    expect(simulator.account().linked[0]?.state.greeting?.isDone).toBe(true);
    await client.opened();
  });
});
