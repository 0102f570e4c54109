import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { WhatsAppStage } from '../harness/whatsapp-stage.ts';
import { prepareBaileys } from '../simulators/whatsapp/baileys-in-tests.ts';
import type { Fault } from '../simulators/whatsapp/faults/fault.ts';
import type { AccountPlan } from '../simulators/whatsapp/world/world-plan.ts';

const DAY_MS = 86_400_000;
const EQUAL = { missing: [], surplus: [], doubled: [], different: [] };
const [CALM, HAMMERED, TWIN] = ['491700000001', '491700000002', '491700000003'] as const;
/** A live message is stored within this, however busy the machine of the tests is. */
const PROMPT_MS = 5_000;
/** How much slower than its twin the calm number may be, for what else the machine does. */
const SLACK = 3;

const account = (phoneNumber: string, now: number): AccountPlan => ({
  name: `Owner of ${phoneNumber}`,
  phoneNumber,
  people: ['Ada', 'Ben', 'Cem'].map((name, at) => ({ name, phoneNumber: `4915710000${phoneNumber.slice(-1)}${at}` })),
  chats: [
    ...['Ada', 'Ben', 'Cem'].map((name) => ({
      kind: 'direct' as const,
      with: name,
      messages: 200,
      from: now - 300 * DAY_MS,
      to: now - 3_600_000,
    })),
    { kind: 'group' as const, name: 'Choir', members: ['Ada', 'Ben'], messages: 100, from: now - 90 * DAY_MS, to: now },
  ],
});

/** What strikes the hammered number's logins and answers, again and again. */
const PLAGUES: readonly Fault[] = [
  { kind: 'refuseLogin', reason: 503 },
  { kind: 'noSuccess' },
  { kind: 'close', at: 'hello' },
  { kind: 'close', at: 'success' },
  { kind: 'close', at: 'afterRequest' },
  { kind: 'silentPhone' },
  { kind: 'repeatPage' },
  { kind: 'emptyAnswer' },
  { kind: 'twice' },
];

describe('two numbers on one node', () => {
  prepareBaileys();
  let stage: WhatsAppStage;
  afterEach(() => stage?.close());

  /** Everything that can go wrong with one number at once, until it is told to stop. */
  const hammer = (id: string): (() => Promise<{ readonly blows: number }>) => {
    const { whatsapp } = stage;
    const stopping = new AbortController();
    let blows = 0;
    const strike = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        const fault = PLAGUES[blows % PLAGUES.length];
        if (fault !== undefined) whatsapp.faults.add(fault, { account: HAMMERED });
        if (blows % 3 === 0) whatsapp.endSession(blows % 2 === 0 ? 'unavailable' : 'restart', HAMMERED);
        else whatsapp.dropConnections(HAMMERED);
        await whatsapp.edit(
          { edit: 'message', chat: 'Ada', from: 'Ada', content: { type: 'text', text: `blow ${blows}` } },
          HAMMERED,
        );
        await stage.api.call('POST', `/instances/${id}/connect`).catch(() => {});
        await stage.api.startSync(id, { depth: 'all' }).catch(() => {});
        blows += 1;
      }
    };
    const striking = strike();
    return async () => {
      stopping.abort();
      await striking;
      return { blows };
    };
  };

  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedAt = performance.now();
    await work();
    return performance.now() - startedAt;
  };

  const everything = (id: string, phoneNumber: string): Promise<number> =>
    timed(async () => {
      expect(await stage.api.sync(id, { depth: 'all' })).toMatchObject({
        status: 'completed',
        progress: { errorCount: 0 },
      });
      expect(await stage.compare(id, { account: phoneNumber })).toMatchObject(EQUAL);
    });

  it('do not notice each other: while one is hammered, the other syncs at its pace, hears what is said, and never restarts', {
    timeout: 360_000,
  }, async () => {
    const push = { bootstrapPerChat: 2, recentDays: 1, fullDays: 2 };
    stage = await WhatsAppStage.open({
      seed: 51,
      push,
      world: (now) => ({ accounts: [CALM, HAMMERED, TWIN].map((phoneNumber) => account(phoneNumber, now)) }),
    });
    const pair = async (phoneNumber: string): Promise<string> => {
      const { id } = await stage.pair(phoneNumber);
      await stage.worksOff(id, phoneNumber);
      return id;
    };
    const [calm, hammered, twin] = [await pair(CALM), await pair(HAMMERED), await pair(TWIN)];
    const usualMs = await everything(twin, TWIN);

    const relent = hammer(hammered);
    const tookMs = await everything(calm, CALM);
    const latencies: number[] = [];
    for (let words = 0; words < 10; words++) {
      const text = `word ${words}`;
      const said = { edit: 'message', chat: 'Choir', from: 'Ben', content: { type: 'text', text } } as const;
      latencies.push(
        await timed(async () => {
          await stage.whatsapp.edit(said, CALM);
          await stage.has(calm, text);
        }),
      );
    }
    const { blows } = await relent();
    stage.whatsapp.faults.clear();

    expect(blows).toBeGreaterThan(20);
    expect(tookMs).toBeLessThan(usualMs * SLACK + PROMPT_MS);
    expect(Math.max(...latencies)).toBeLessThan(PROMPT_MS);
    const tree = await stage.api.data<{ trace: readonly { actor: string; event: string }[] }>(
      'GET',
      `/debug/actors/${calm}`,
    );
    expect(tree).toMatchObject({ state: 'online', restarts: 0, stale: false, parked: null });
    const lost = new Set(['connectionLost', 'connectionInterrupted', 'crashed', 'connectionDown']);
    expect(tree.trace.filter(({ event }) => lost.has(event))).toEqual([]);
    const { log } = stage.whatsapp;
    expect(log.violations.filter(({ account: of }) => of === CALM)).toEqual([]);
    expect(log.mostInFlight.get(CALM)).toBe(1);
    expect(log.historyRequests.filter(({ account: of, outcome }) => of === CALM && outcome !== 'answered')).toEqual([]);

    // And the other one recovers by itself, or when it is told to connect.
    await eventually('the hammered number is online again', 90_000, async () => {
      const { state } = await stage.api.instance(hammered);
      if (state === 'online') return true;
      if (state !== 'connecting' && state !== 'backingOff')
        await stage.api.call('POST', `/instances/${hammered}/connect`);
      throw new Error(`it is ${state}`);
    });
  });
});
