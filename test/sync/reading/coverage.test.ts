import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEED } from '../../machines/seed.ts';
import { claims, HistoryWorld } from './history-world.ts';

type Deed =
  | { readonly do: 'post'; readonly afterMs: number; readonly count: number }
  | { readonly do: 'remove'; readonly nthNewest: number }
  | { readonly do: 'connect' | 'miss' | 'request' | 'deliver' }
  | { readonly do: 'disconnect'; readonly crash: boolean }
  | {
      readonly do: 'sync';
      readonly back: number;
      readonly span: number | null;
      readonly pageSize: number;
      readonly refresh: boolean;
    };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      afterMs: fc.nat(3),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), nthNewest: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('connect' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('miss' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), crash: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('request' as const, 'deliver' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('sync' as const),
      // Nobody asks for what begins in this very millisecond.
      back: fc.integer({ min: 1, max: 20 }),
      span: fc.option(fc.nat(15)),
      pageSize: fc.integer({ min: 1, max: 5 }),
      refresh: fc.boolean(),
    }),
  },
);

const perform = async (world: HistoryWorld, one: Deed): Promise<void> => {
  switch (one.do) {
    case 'post':
      world.now += one.afterMs;
      for (let posted = 0; posted < one.count; posted++) world.post();
      return;
    case 'remove':
      return world.remove(one.nthNewest);
    case 'disconnect':
      return world.disconnect(one.crash);
    case 'connect':
      return world.connect();
    case 'miss':
      return world.miss();
    case 'request':
      world.request();
      return;
    case 'deliver':
      await world.deliver();
      return;
    case 'sync': {
      const { back, span, pageSize, refresh } = one;
      const since = world.now - back;
      world.begin({ since, until: span === null ? null : since + span, pageSize, refresh });
    }
  }
};

/** Each message in a millisecond of its own: those that share one with a deleted bound are read once more. */
const apart = (one: Deed): Deed => (one.do === 'post' ? { ...one, afterMs: one.afterMs + 1, count: 1 } : one);

/** Spans claim what is held, and nothing else; what was deleted before it was read is nowhere. */
const expectHonest = (world: HistoryWorld): void => {
  expect(world.isSound).toBe(true);
  for (const message of world.platform.messages) {
    const claimed = world.spans.some((span) => claims(span, message));
    const held = world.holds(message);
    if (held) expect(claimed, `${message.id} is held and no span says so`).toBe(true);
    if (claimed && !message.deleted)
      expect(held, `${message.id} is claimed and not held: ${JSON.stringify(world.spans)}`).toBe(true);
  }
};

const sync = async (world: HistoryWorld, since: number, until: number | null, pageSize: number): Promise<number> => {
  const before = world.platform.reads;
  world.begin({ since, until, pageSize, refresh: false });
  await world.settle();
  expect(world.isSyncing).toBe(false);
  return world.platform.reads - before;
};

describe(`the coverage of a conversation (TEST_SEED=${SEED})`, () => {
  const deeds = fc.array(deed, { maxLength: 60, size: 'max' });

  it('is honest at every moment, and complete after a sync, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), deeds, fc.integer({ min: 1, max: 5 }), async (tellsNewest, all, pageSize) => {
        const world = new HistoryWorld(tellsNewest);
        for (const one of all) {
          await perform(world, one);
          expectHonest(world);
        }
        world.now += 1;
        world.connect();
        await world.settle();
        expect(world.isSyncing).toBe(false);
        await sync(world, 0, null, pageSize);
        expectHonest(world);
        expect(world.platform.alive.filter((message) => !world.holds(message))).toEqual([]);
        expect(await sync(world, 0, null, pageSize)).toBe(0);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('leaves nothing out of the time that was asked for', async () => {
    const window = fc.record({ back: fc.integer({ min: 1, max: 30 }), span: fc.option(fc.nat(30)) });
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        deeds,
        window,
        fc.integer({ min: 1, max: 5 }),
        async (tellsNewest, all, { back, span }, pageSize) => {
          const world = new HistoryWorld(tellsNewest);
          for (const one of all) await perform(world, one);
          world.now += 1;
          world.connect();
          await world.settle();
          const since = world.now - back;
          const until = span === null ? null : since + span;
          await sync(world, since, until, pageSize);
          const missing = world.platform.alive
            .filter(({ at }) => at >= since && (until === null || at <= until))
            .filter((message) => !world.holds(message));
          expect(missing).toEqual([]);
        },
      ),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('costs one page more than what is new, for each stretch that is missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), deeds, fc.integer({ min: 1, max: 5 }), async (tellsNewest, all, pageSize) => {
        const world = new HistoryWorld(tellsNewest);
        for (const one of all) await perform(world, apart(one));
        world.now += 1;
        world.disconnect(false);
        world.connect();
        await world.settle();
        const missing = world.platform.alive.filter((message) => !world.holds(message)).length;
        const stretches = world.spans.length + 1;
        expect(await sync(world, 0, null, pageSize)).toBeLessThanOrEqual(Math.ceil(missing / pageSize) + stretches);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('costs at most one page more than what was written since the last complete sync', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(20),
        fc.nat(20),
        fc.nat(2),
        fc.integer({ min: 1, max: 5 }),
        async (old, written, stepMs, pageSize) => {
          const world = new HistoryWorld(true);
          const post = (count: number): void => {
            for (let posted = 0; posted < count; posted++) {
              world.now += stepMs;
              world.post();
            }
          };
          post(old);
          world.connect();
          await world.settle();
          await sync(world, 0, null, pageSize);
          world.disconnect(false);
          post(written);
          world.connect();
          await world.settle();
          const reads = await sync(world, 0, null, pageSize);
          expect(reads).toBeLessThanOrEqual(written === 0 ? 0 : Math.ceil(written / pageSize) + 1);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });
});
