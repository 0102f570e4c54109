import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEED } from '../../machines/seed.ts';
import type { Manner } from './phone-model.ts';
import { PhoneWorld } from './phone-world.ts';

type Deed =
  | { readonly do: 'post'; readonly afterS: number; readonly count: number; readonly lost: boolean }
  | { readonly do: 'push'; readonly from: number; readonly length: number }
  | {
      readonly do: 'sync';
      readonly backS: number | null;
      readonly spanS: number | null;
      readonly limit: number;
      readonly manners: readonly Manner[];
    };

const manner = fc.constantFrom<Manner>('whole', 'whole', 'half', 'silent');

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      afterS: fc.nat(2),
      count: fc.integer({ min: 1, max: 4 }),
      lost: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      from: fc.nat(40),
      length: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('sync' as const),
      backS: fc.option(fc.nat(20)),
      spanS: fc.option(fc.nat(10)),
      limit: fc.integer({ min: 1, max: 5 }),
      manners: fc.array(manner, { maxLength: 6 }),
    }),
  },
);

const perform = async (world: PhoneWorld, one: Deed): Promise<void> => {
  switch (one.do) {
    case 'post':
      world.now += one.afterS * 1_000;
      for (let posted = 0; posted < one.count; posted++) await world.post(one.lost);
      return;
    case 'push':
      await world.push(one.from, one.from + one.length);
      return;
    case 'sync': {
      const since = one.backS === null ? 0 : world.now - one.backS * 1_000;
      const until = one.spanS === null ? null : since + one.spanS * 1_000;
      const manners = [...one.manners];
      await world.sync({ since, until }, one.limit, () => manners.shift() ?? 'whole');
    }
  }
};

/** Nothing is called held, or complete, that is not. */
const expectHonest = (world: PhoneWorld): void => {
  for (const [index, message] of world.phone.messages.entries()) {
    const claimed = world.spans.some((span) => world.phone.claims(span, index));
    if (claimed)
      expect(world.holds(message), `${index} is claimed and not held: ${JSON.stringify(world.spans)}`).toBe(true);
  }
};

const worldOf = (scramble: number): PhoneWorld => {
  let count = 0;
  // Ids in no order: WhatsApp's are random.
  return new PhoneWorld(() => ((++count * 2_654_435_761 + scramble) % 4_294_967_291).toString(16));
};

describe(`reading what a phone gives only below what is held (seed ${SEED})`, () => {
  it('never calls held what is not, whatever is pushed, lost, left out or not answered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(deed, { maxLength: 25 }), async (scramble, deeds) => {
        const world = worldOf(scramble);
        for (const one of deeds) {
          await perform(world, one);
          expectHonest(world);
        }
      }),
      { seed: SEED, numRuns: 1_500 },
    );
  });

  it('is complete once the phone answers, and then asks for nothing more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(deed, { maxLength: 25 }), async (scramble, deeds) => {
        const world = worldOf(scramble);
        for (const one of deeds) await perform(world, one);
        await world.post(false);
        await world.sync({ since: 0, until: null }, 5, () => 'whole');
        for (const message of world.phone.messages) expect(world.holds(message)).toBe(true);
        expect(world.spans).toMatchObject([{ reachesStart: true }]);
        const { asked } = world;
        await world.sync({ since: 0, until: null }, 5, () => 'whole');
        expect(world.asked).toBe(asked);
      }),
      { seed: SEED, numRuns: 1_500 },
    );
  });

  it('stores nothing older than what was asked for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.nat(30), async (count, backS) => {
        const world = worldOf(1);
        for (let posted = 0; posted < count; posted++) {
          world.now += 1_000;
          await world.post(posted < count - 1);
        }
        const since = world.now - backS * 1_000;
        await world.sync({ since, until: null }, 3, () => 'whole');
        for (const message of world.phone.messages) expect(world.holds(message)).toBe(message.timestamp >= since);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
