import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burstOf } from '../../machines/permit-log.ts';
import type { Limits, PermitKind } from '../../machines/rate-limit-context.ts';
import { LimiterWorld, type Outstanding } from './limiter-world.ts';
import { SEED } from './seed.ts';

const JOBS = ['a', 'b', 'c', 'd'];

type Deed =
  | { readonly do: 'request'; readonly job: string; readonly kind: PermitKind; readonly ahead: boolean }
  | { readonly do: 'use'; readonly nth: number; readonly succeeded: boolean; readonly agoMs: number }
  | { readonly do: 'refuse'; readonly nth: number; readonly retryAfterMs: number | null; readonly agoMs: number }
  | { readonly do: 'refuseLate'; readonly retryAfterMs: number | null }
  | { readonly do: 'giveBack' | 'forfeit'; readonly job: string }
  | { readonly do: 'restart' }
  | { readonly do: 'change'; readonly limits: Limits }
  | { readonly do: 'wait'; readonly ms: number };

const job = fc.constantFrom(...JOBS);
const kind = fc.constantFrom<PermitKind>('messages', 'contacts');
const agoMs = fc.integer({ min: 0, max: 3_000 });
const nth = fc.nat(7);
const retryAfterMs = fc.option(fc.integer({ min: 0, max: 90_000 }));
const perMinute = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 200, max: 1_000 }));
const limits = fc.record({
  messages: perMinute,
  contacts: perMinute,
  unit: fc.constantFrom('request' as const, 'message' as const),
  atOnce: fc.constantFrom(null, null, 1, 3),
});

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('request' as const), job, kind, ahead: fc.boolean() }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('use' as const), nth, succeeded: fc.boolean(), agoMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), nth, retryAfterMs, agoMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuseLate' as const), retryAfterMs }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('giveBack' as const, 'forfeit' as const), job }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change' as const), limits }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.nat(500), fc.nat(20_000)) }) },
);

/** One that is out, picked by chance; a job uses its permits of a kind in the order in which it got them. */
const held = (world: LimiterWorld, index: number): Outstanding | undefined => {
  const picked = world.outstanding[index % Math.max(1, world.outstanding.length)];
  return world.outstanding.find((permit) => permit.job === picked?.job && permit.kind === picked.kind);
};

/** Jobs wait for one permit, or hold one and ask for a second ahead of need; they do nothing else. */
const mayAsk = (world: LimiterWorld, name: string, ahead: boolean): boolean => {
  const mine = world.outstanding.filter((permit) => permit.job === name).length;
  return ahead ? mine === 1 : mine === 0;
};

const perform = (world: LimiterWorld, one: Deed): void => {
  switch (one.do) {
    case 'request':
      if (mayAsk(world, one.job, one.ahead)) world.request(one.job, one.kind, one.ahead);
      return;
    case 'use': {
      const permit = held(world, one.nth);
      if (permit !== undefined) world.use(permit, one.succeeded, one.agoMs);
      return;
    }
    case 'refuse': {
      const permit = held(world, one.nth);
      if (permit !== undefined) world.refuse(permit, one.retryAfterMs, one.agoMs);
      return;
    }
    case 'refuseLate':
      world.refuseLate(one.retryAfterMs);
      return;
    case 'giveBack':
      world.giveBack(one.job);
      return;
    case 'forfeit':
      world.forfeit(one.job);
      return;
    case 'restart': {
      const { log, cooldownUntil, strikes, probes } = world.context;
      const free = world.outstanding.length === 0;
      world.restart();
      expect(world.context).toMatchObject({ cooldownUntil, strikes, probes, ...(free ? { log } : {}) });
      return;
    }
    case 'change':
      world.tell({ type: 'limitsChanged', limits: one.limits });
      return;
    case 'wait':
      world.advance(one.ms);
      return;
  }
};

/** Everybody who waits is served, if only those who hold permits use them. */
const drain = (world: LimiterWorld): void => {
  for (let rounds = 0; world.context.queue.length > 0; rounds++) {
    if (rounds > 200) throw new Error(`${world.context.queue.length} jobs starve`);
    const permit = world.outstanding[0];
    if (permit !== undefined) world.use(permit, true);
    else world.advance(Math.max(0, (world.deadline ?? world.now) - world.now));
  }
};

describe(`the rate limiter under arbitrary use (TEST_SEED=${SEED})`, () => {
  it('keeps every window, cools down, probes, wakes by itself, and lets nobody starve', () => {
    fc.assert(
      fc.property(
        limits,
        fc.array(deed, { maxLength: 120, size: 'max' }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (first, deeds, random) => {
          const world = new LimiterWorld(first);
          world.chance(random);
          for (const one of deeds) {
            perform(world, one);
            world.advance(0);
          }
          drain(world);
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('never exceeds an unchanged limit in any window, whatever happens', () => {
    const settled = deed.filter((one) => one.do !== 'change');
    fc.assert(
      fc.property(limits, fc.array(settled, { maxLength: 150, size: 'max' }), (first, deeds) => {
        const world = new LimiterWorld(first);
        for (const one of deeds) perform(world, one);
        for (const name of ['messages', 'contacts'] as const) {
          expect(world.most(name, 60_000)).toBeLessThanOrEqual(first[name]);
          expect(world.most(name, 10_000)).toBeLessThanOrEqual(burstOf(first[name]));
        }
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});
