import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { WhatsAppSimulator } from './whatsapp-simulator.ts';
import type { AccountPlan } from './world/world-plan.ts';

prepareBaileys();

const [ONE, TWO] = ['491700000001', '491700000002'] as const;

const plan = (phoneNumber: string): AccountPlan => ({
  name: `Owner of ${phoneNumber}`,
  phoneNumber,
  people: [{ name: 'Ada', phoneNumber: '491570000001' }],
  chats: [{ kind: 'direct', with: 'Ada', messages: 20, from: Date.now() - 86_400_000, to: Date.now() - 60_000 }],
});

let simulator: WhatsAppSimulator;
let one: BaileysClient;
let two: BaileysClient;

beforeAll(async () => {
  simulator = await startWhatsAppSimulator({ seed: 7, world: { accounts: [plan(ONE), plan(TWO)] } });
  [one, two] = [new BaileysClient(simulator), new BaileysClient(simulator)];
  await one.pair(ONE);
  await two.pair(TWO);
});

afterAll(async () => {
  await one.end();
  await two.end();
  await simulator.close();
});

describe('two accounts', () => {
  it('have phones, messages and devices of their own', async () => {
    const ids = (account: string) => [...simulator.groundTruth({ account })].map(({ messageId }) => messageId);
    expect(ids(ONE).length).toBeGreaterThan(10);
    expect(ids(ONE).some((id) => ids(TWO).includes(id))).toBe(false);
    expect([one.auth.creds.me?.id, two.auth.creds.me?.id]).toEqual([
      `${ONE}:1@s.whatsapp.net`,
      `${TWO}:1@s.whatsapp.net`,
    ]);
    const id = await simulator.edit(
      { edit: 'message', chat: 'Ada', from: 'Ada', content: { type: 'text', text: 'to two' } },
      TWO,
    );
    await two.heard((events) => events['messages.upsert']?.messages.find(({ key }) => key.id === id));
    expect(one.events.some((events) => events['messages.upsert']?.messages.some(({ key }) => key.id === id))).toBe(
      false,
    );
  });

  it('suffer their faults alone', async () => {
    simulator.faults.add({ kind: 'hang' }, { account: ONE });
    simulator.faults.add({ kind: 'groupsOverlimit' }, { account: ONE, times: -1 });
    await expect(two.socket.groupFetchAllParticipating()).resolves.toEqual({});
    simulator.unlink(ONE);
    expect(await one.closed()).toBe(401);
    expect([simulator.isOnline(ONE), simulator.isOnline(TWO)]).toEqual([false, true]);
    await two.reconnect();
    expect(simulator.log.violations).toEqual([]);
  });
});
