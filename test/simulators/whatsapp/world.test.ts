import { afterEach, describe, expect, it } from 'vitest';
import { startWhatsAppSimulator } from './simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from './whatsapp-simulator.ts';

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

const open: WhatsAppSimulator[] = [];

const start = async (options: SimulatorOptions = {}): Promise<WhatsAppSimulator> => {
  const simulator = await startWhatsAppSimulator({ seed: 7, now: () => NOW, ...options });
  open.push(simulator);
  return simulator;
};

afterEach(async () => {
  for (const simulator of open.splice(0)) await simulator.close();
});

describe('a simulated account', () => {
  it('is the same from the same seed, and another from another', async () => {
    const texts = await Promise.all(
      [1, 1, 2].map(async (seed) => JSON.stringify([...(await start({ seed })).groundTruth()])),
    );
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).not.toBe(texts[2]);
  });

  it('has every kind of message, NUL and lone surrogates, and several messages in one second', async () => {
    const truth = [...(await start()).groundTruth()];
    expect(new Set(truth.map(({ type }) => type))).toEqual(
      new Set(['text', 'image', 'video', 'audio', 'document', 'sticker', 'location', 'contact', 'poll', 'system']),
    );
    expect(truth.some(({ content }) => content.includes('\0'))).toBe(true);
    expect(truth.some(({ content }) => !content.isWellFormed())).toBe(true);
    expect(truth.some(({ reactions }) => reactions.length > 0)).toBe(true);
    const instants = truth.map(({ chat, timestamp }) => `${chat} ${timestamp}`);
    expect(new Set(instants).size).toBeLessThan(instants.length);
    expect(new Set(truth.map(({ messageId }) => messageId)).size).toBe(truth.length);
    expect(truth.every(({ timestamp }) => timestamp % 1000 === 0 && timestamp < NOW)).toBe(true);
  });

  it('tells what an ideal sync of a depth stores, chat by chat', async () => {
    const simulator = await start();
    const all = [...simulator.groundTruth()];
    const week = [...simulator.groundTruth({ since: NOW - 7 * DAY_MS })];
    expect(week).toEqual(all.filter(({ timestamp }) => timestamp >= NOW - 7 * DAY_MS));
    expect(week.length).toBeGreaterThan(0);
    expect(new Set([...simulator.groundTruth({ chat: 'Ada' })].map(({ chat }) => chat))).toEqual(new Set(['Ada']));
    const chats = new Set(all.map(({ chat }) => chat));
    expect(chats).not.toContain('status');
    expect(chats).not.toContain('Ferry news');
    const deleted = [...simulator.deleted()];
    expect(deleted.length).toBeGreaterThan(0);
    const ids = new Set(all.map(({ messageId }) => messageId));
    expect(deleted.some(({ messageId }) => ids.has(messageId))).toBe(false);
  });

  it('leaves out what a companion cannot ask for, until a message comes from there', async () => {
    const simulator = await start();
    const chats = () => new Set([...simulator.groundTruth({ reachable: true })].map(({ chat }) => chat));
    expect(chats()).not.toContain('Emil');
    await simulator.edit({ edit: 'message', chat: 'Emil', from: 'Emil', content: { type: 'text', text: 'hello' } });
    expect(chats()).toContain('Emil');
  });

  it('lets somebody write for the first time, and people change their names', async () => {
    const simulator = await start();
    await simulator.edit({ edit: 'newChat', person: { name: 'Zoe', phoneNumber: '491579999999' }, addressing: 'lid' });
    await simulator.edit({ edit: 'message', chat: 'Zoe', from: 'Zoe', content: { type: 'text', text: 'new here' } });
    await simulator.edit({ edit: 'pushName', person: 'Zoe', pushName: 'Zoé' });
    const [message] = simulator.groundTruth({ chat: 'Zoe' });
    expect(message).toMatchObject({ content: 'new here', channelId: expect.stringMatching(/@lid$/), isFromMe: false });
    expect(simulator.contacts().find(({ name }) => name === 'Zoe')).toMatchObject({ pushName: 'Zoé', savedAs: null });
    await expect(
      simulator.edit({ edit: 'message', chat: 'Nobody', content: { type: 'text', text: '' } }),
    ).rejects.toThrow('no chat called Nobody');
  });

  it('holds 100,000 messages in the order of time', async () => {
    const world = {
      accounts: [
        {
          name: 'Owner',
          phoneNumber: '491700000001',
          people: [{ name: 'Ada', phoneNumber: '491570000001' }],
          chats: [
            { kind: 'direct', with: 'Ada', messages: 100_000, from: NOW - 900 * DAY_MS, to: NOW, style: 'plain' },
          ],
        },
      ],
    } as const;
    const simulator = await start({ world });
    let last = 0;
    let count = 0;
    for (const { timestamp } of simulator.groundTruth()) {
      expect(timestamp).toBeGreaterThanOrEqual(last);
      last = timestamp;
      count += 1;
    }
    expect(count).toBe(100_000);
  });
});
