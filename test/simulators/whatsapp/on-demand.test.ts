import { proto, type WAMessageKey } from '@whiskeysockets/baileys';
import { afterEach, describe, expect, it } from 'vitest';
import { BaileysClient } from './baileys-client.ts';
import { prepareBaileys } from './baileys-in-tests.ts';
import type { TrueMessage } from './ground-truth.ts';
import { readHistory } from './read-history.ts';
import type { HistoryRequest } from './server/traffic-log.ts';
import { startWhatsAppSimulator } from './simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from './whatsapp-simulator.ts';
import type { ChatPlan, WorldPlan } from './world/world-plan.ts';

const HOUR_MS = 3_600_000;

let simulator: WhatsAppSimulator;
let client: BaileysClient;

prepareBaileys();

const world = (now: number): WorldPlan => {
  const span = { from: now - 100 * HOUR_MS, to: now - HOUR_MS, style: 'plain' } as const;
  const chats: readonly ChatPlan[] = [
    { kind: 'direct', with: 'Ada', messages: 120, ...span },
    { kind: 'direct', with: 'Ben', addressing: 'lid', messages: 60, ...span },
    { kind: 'group', name: 'Choir', members: ['Ada', 'Ben'], messages: 70, ...span },
  ];
  const people = ['Ada', 'Ben'].map((name, at) => ({ name, phoneNumber: `49157000000${at}` }));
  return { accounts: [{ name: 'Owner', phoneNumber: '491700000001', people, chats }] };
};

const start = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startWhatsAppSimulator({ seed: 7, world, onDemand: { burst: null }, ...options });
  client = new BaileysClient(simulator);
  await client.pair();
};

afterEach(async () => {
  await client.end();
  await simulator.close();
});

const truthOf = (chat: string): readonly TrueMessage[] => [...simulator.groundTruth({ chat })];

const keyOf = ({ channelId, messageId, isFromMe }: TrueMessage): WAMessageKey => ({
  remoteJid: channelId,
  id: messageId,
  fromMe: isFromMe,
});

const at = (messages: readonly TrueMessage[], index: number): TrueMessage => {
  const message = messages.at(index);
  if (message === undefined) throw new Error(`There is no message ${index}.`);
  return message;
};

/** Asks, and gives the conversation of the answer. */
const ask = async (anchor: TrueMessage, count = 50): Promise<proto.IConversation> => {
  const id = await client.socket.fetchMessageHistory(count, keyOf(anchor), anchor.timestamp);
  const answer = await client.until(() =>
    client.notifications.find(({ peerDataRequestSessionId }) => peerDataRequestSessionId === id),
  );
  const history = await readHistory(simulator, answer);
  expect(history.syncType).toBe(proto.HistorySync.HistorySyncType.ON_DEMAND);
  const [conversation, ...others] = history.conversations;
  expect(others).toEqual([]);
  return conversation ?? {};
};

const idsOf = ({ messages }: proto.IConversation): readonly (string | null | undefined)[] =>
  (messages ?? []).map(({ message }) => message?.key?.id);

const request = (): Promise<HistoryRequest> => {
  const { promise, resolve } = Promise.withResolvers<HistoryRequest>();
  const known = simulator.log.historyRequests.length;
  const stop = simulator.log.watch(() => {
    const made = simulator.log.historyRequests[known];
    if (made === undefined) return;
    stop();
    resolve(made);
  });
  return promise;
};

describe('history on demand', () => {
  it('walks a chat backwards, 50 at most at a time, and says when the phone has no more', async () => {
    await start();
    const truth = truthOf('Ada');
    const first = await ask(at(truth, 100), 200);
    expect(idsOf(first)).toEqual(
      truth
        .slice(50, 100)
        .map(({ messageId }) => messageId)
        .reverse(),
    );
    expect(first.endOfHistoryTransferType).toBe(2);
    const second = await ask(at(truth, 50));
    expect(idsOf(second)).toEqual(
      truth
        .slice(0, 50)
        .map(({ messageId }) => messageId)
        .reverse(),
    );
    expect(second.endOfHistoryTransferType).toBe(1);
    expect(
      simulator.log.historyRequests.map(({ asked, answered, shownOnPhone }) => [asked, answered, shownOnPhone]),
    ).toEqual([
      [200, 50, false],
      [50, 50, false],
    ]);
    expect(simulator.log.mostInFlight.get('491700000001')).toBe(1);
    expect(simulator.log.violations).toEqual([]);
  });

  it('answers for groups and for chats under a LID, by either address', async () => {
    await start();
    const choir = truthOf('Choir');
    expect(idsOf(await ask(at(choir, 20)))).toEqual(
      choir
        .slice(0, 20)
        .map(({ messageId }) => messageId)
        .reverse(),
    );
    const ben = truthOf('Ben');
    const anchor = at(ben, 30);
    expect(anchor.channelId).toMatch(/@lid$/);
    const byLid = await ask(anchor, 10);
    expect(byLid.id).toBe(anchor.channelId);
    const pn = anchor.aliases.find((alias) => alias.endsWith('@s.whatsapp.net')) ?? '';
    expect(idsOf(await ask({ ...anchor, channelId: pn }, 10))).toEqual(idsOf(byLid));
  });

  it('shows the owner a request for a chat that has nothing older', async () => {
    await start();
    const oldest = at(truthOf('Ada'), 0);
    const answer = await ask(oldest);
    expect(answer.messages ?? []).toEqual([]);
    expect(answer.endOfHistoryTransferType).toBe(1);
    expect(simulator.log.historyRequests[0]).toMatchObject({ shownOnPhone: true, outcome: 'answered' });
  });

  it.each([
    ['an anchor of another chat', (anchor: TrueMessage) => ({ ...anchor, channelId: at(truthOf('Ben'), 0).channelId })],
    ['a chat that is not there', (anchor: TrueMessage) => ({ ...anchor, channelId: '4900000@s.whatsapp.net' })],
    ['the wrong author', (anchor: TrueMessage) => ({ ...anchor, isFromMe: !anchor.isFromMe })],
    ['seconds instead of milliseconds', (anchor: TrueMessage) => ({ ...anchor, timestamp: anchor.timestamp / 1000 })],
  ])('refuses %s, and stays silent', async (_, spoil) => {
    await start();
    const anchor = spoil(at(truthOf('Ada'), 50));
    const made = request();
    await client.socket.fetchMessageHistory(50, keyOf(anchor), anchor.timestamp);
    await made;
    await expect.poll(() => simulator.log.violations).toMatchObject([{ part: 'onDemand' }]);
    expect(simulator.log.historyRequests).toMatchObject([{ outcome: 'refused' }]);
  });

  it('drops what comes too fast, without a word', async () => {
    await start({ onDemand: { burst: { requests: 2, withinMs: 60_000 } } });
    const anchor = at(truthOf('Ada'), 100);
    for (let index = 0; index < 4; index++) {
      const made = request();
      await client.socket.fetchMessageHistory(10, keyOf(anchor), anchor.timestamp);
      await made;
    }
    await simulator.idle();
    expect(simulator.log.historyRequests.map(({ outcome }) => outcome)).toEqual([
      'answered',
      'answered',
      'dropped',
      'dropped',
    ]);
    expect(simulator.log.mostRequests(60_000)).toBe(4);
  });

  it('leaves out, halves, repeats or empties answers as it is told, and never claims an end that is none', async () => {
    await start();
    const truth = truthOf('Ada');
    const anchor = at(truth, 100);
    const ids = (from: number, to: number) =>
      truth
        .slice(from, to)
        .map(({ messageId }) => messageId)
        .reverse();

    simulator.faults.add({ kind: 'halfAnswer', messages: 7 }, { chat: 'Ada' });
    const half = await ask(anchor);
    expect([idsOf(half), half.endOfHistoryTransferType]).toEqual([ids(93, 100), 2]);

    simulator.faults.add({ kind: 'repeatPage' });
    const repeated = await ask(anchor, 20);
    expect([idsOf(repeated), repeated.endOfHistoryTransferType]).toEqual([ids(100, 120), 2]);

    simulator.faults.add({ kind: 'emptyAnswer' });
    const empty = await ask(anchor);
    expect([idsOf(empty), empty.endOfHistoryTransferType]).toEqual([[], 2]);

    const silence = simulator.faults.add({ kind: 'silentPhone' }, { chat: 'Ada', times: -1 });
    const made = request();
    await client.socket.fetchMessageHistory(50, keyOf(anchor), anchor.timestamp);
    await made;
    await silence.struck();
    expect(simulator.log.historyRequests.at(-1)?.outcome).toBe('silent');
    expect(idsOf(await ask(at(truthOf('Ben'), 5)))).toHaveLength(5);
    silence.remove();
    expect(idsOf(await ask(anchor))).toEqual(ids(50, 100));
  });

  it('answers late, after other requests, and twice, each time in the name of the same request', async () => {
    await start();
    const truth = truthOf('Ada');
    const anchor = at(truth, 100);
    simulator.faults.add({ kind: 'lateAnswer' });
    const made = request();
    const late = await client.socket.fetchMessageHistory(5, keyOf(anchor), anchor.timestamp);
    await made;
    expect((await ask(anchor, 3)).messages).toHaveLength(3);
    const answersOf = (id: string) => client.notifications.filter((each) => each.peerDataRequestSessionId === id);
    expect(answersOf(late)).toEqual([]);
    expect(simulator.log.mostInFlight.get('491700000001')).toBe(2);
    await simulator.releaseAnswers();
    await client.until(() => (answersOf(late).length === 1 ? true : undefined));

    simulator.faults.add({ kind: 'lateAnswer', ms: 10 });
    expect((await ask(anchor, 4)).messages).toHaveLength(4);

    simulator.faults.add({ kind: 'twice' }, { chat: 'Ada' });
    const twice = await client.socket.fetchMessageHistory(5, keyOf(anchor), anchor.timestamp);
    await client.until(() => (answersOf(twice).length === 2 ? true : undefined));
    expect(simulator.log.violations).toEqual([]);
  });
});
