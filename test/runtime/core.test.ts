import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExternalId, type JobId } from '../../src/domain/ids.ts';
import { SEED } from '../machines/seed.ts';
import { CoreWorld, LIMITS } from './core-world.ts';
import type { StepFault } from './memory-runtime-store.ts';
import type { PlatformFault } from './model-platform.ts';

type Deed =
  | { readonly do: 'sync'; readonly refresh: boolean; readonly channel: number | null; readonly since: number | null }
  | { readonly do: 'cancel' | 'pause' | 'resume'; readonly job: number; readonly lost: boolean }
  | { readonly do: 'connect' | 'disconnect' | 'restart' | 'limits' }
  | { readonly do: 'drop'; readonly loss: boolean }
  | { readonly do: 'post'; readonly conversation: number; readonly count: number }
  | { readonly do: 'platform'; readonly fault: PlatformFault }
  | { readonly do: 'store'; readonly fault: StepFault };

const named = fc.option(fc.integer({ min: 0, max: 30_000 }));
const platformFault: fc.Arbitrary<PlatformFault> = fc.oneof(
  fc.constantFrom<PlatformFault>({ kind: 'denied' }, { kind: 'unreachable' }, { kind: 'badAnswer' }),
  fc.record({ kind: fc.constant('spent' as const), resetMs: fc.nat(10_000) }),
  fc.record({
    kind: fc.constant('rateLimited' as const),
    scope: fc.constantFrom('instance' as const, 'conversation' as const),
    retryAfterMs: named,
  }),
);
const job = fc.nat(4);

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('sync' as const),
      refresh: fc.boolean(),
      channel: fc.option(fc.nat(2)),
      since: fc.option(fc.nat(60_000)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'pause' as const, 'resume' as const),
      job,
      lost: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('connect' as const, 'disconnect' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'limits' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), loss: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      conversation: fc.nat(2),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('platform' as const), fault: platformFault }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      fault: fc.constantFrom<StepFault>('contention', 'away', 'unknown', 'defect'),
    }),
  },
);

const NAMES = ['one', 'two', 'three'];

const perform = async (world: CoreWorld, one: Deed): Promise<void> => {
  const { platform, store } = world;
  switch (one.do) {
    case 'sync': {
      const since = one.since === null ? 0 : world.now - one.since;
      const channelId = one.channel === null ? null : ExternalId.make(NAMES[one.channel] ?? '');
      await world.sync({ refresh: one.refresh, since, channelId });
      return;
    }
    case 'cancel':
    case 'pause':
    case 'resume': {
      const jobId: JobId | undefined = store.jobIds[one.job];
      if (jobId !== undefined) await world.submit({ type: `${one.do}Sync`, jobId }, one.lost);
      return;
    }
    case 'connect':
    case 'disconnect':
      return world.submit({ type: one.do });
    case 'restart':
      await world.stop();
      return world.start();
    case 'limits': {
      const limits = { ...LIMITS, messages: 6 + Math.floor(world.now % 54) };
      world.node?.tellAll(() => [{ to: 'rate-limit', event: { type: 'limitsChanged', limits } }]);
      return;
    }
    case 'drop':
      return platform.drop(one.loss);
    case 'post':
      for (let posted = 0; posted < one.count; posted++) {
        const conversation = platform.conversations[one.conversation];
        if (conversation !== undefined) platform.post(conversation, world.now);
      }
      return;
    case 'platform':
      platform.faults.push(one.fault);
      return;
    case 'store':
      store.faults.push(one.fault);
  }
};

/** Nothing goes wrong any more: every job comes to its end by itself. */
const finish = async (world: CoreWorld): Promise<void> => {
  world.platform.faults.length = 0;
  world.store.faults.length = 0;
  await world.submit({ type: 'connect' });
  for (const jobId of world.store.jobIds) await world.submit({ type: 'resumeSync', jobId });
  for (let minutes = 0; !world.areJobsOver; minutes++) {
    expect(world.broken).toBeNull();
    if (minutes > 600) throw new Error(`stuck: ${JSON.stringify([...world.jobs.values()])}`);
    await world.wait(60_000);
  }
};

const most = (instants: readonly number[], windowMs: number): number =>
  Math.max(0, ...instants.map((from) => instants.filter((at) => at >= from && at < from + windowMs).length));

describe(`the core under arbitrary trouble (TEST_SEED=${SEED})`, () => {
  it('keeps its invariants after every commit, obeys the platform, and completes what is left to complete', async () => {
    const steps = fc.array(fc.tuple(deed, fc.integer({ min: 0, max: 4_000 })), { maxLength: 40, size: 'max' });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const world = new CoreWorld(NAMES);
        for (const conversation of world.platform.conversations) {
          for (let ago = 20; ago > 0; ago--) conversation.post(world.now - 1_000 * ago);
        }
        await world.start();
        try {
          await world.submit({ type: 'connect' });
          for (const [one, ms] of all) {
            await perform(world, one);
            await world.wait(ms);
            expect(world.broken).toBeNull();
          }
          await finish(world);
          const last = await world.sync();
          await finish(world);
          expect(world.jobs.get(last)?.status).toBe('completed');
          for (const { externalId, alive } of world.platform.conversations) {
            const id = world.store.rows.conversations.get(externalId)?.id;
            const held = id === undefined ? new Map() : world.store.rows.messagesOf(id);
            expect(alive.filter((message) => !held.has(message.id))).toEqual([]);
          }
          expect(world.broken).toBeNull();
          expect(world.platform.trespasses).toEqual([]);
          for (const kind of ['messages', 'contacts'] as const) {
            const instants = world.platform.asked.filter((asked) => asked.kind === kind).map(({ at }) => at);
            expect(most(instants, 60_000)).toBeLessThanOrEqual(60);
            expect(most(instants, 10_000)).toBeLessThanOrEqual(10);
          }
        } finally {
          await world.stop();
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
  });
});
