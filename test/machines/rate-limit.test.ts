import { describe, expect, it } from 'vitest';
import type { Limits } from '../../machines/rate-limit-context.ts';
import { LimiterWorld, type Outstanding } from './limiter-world.ts';

const DISCORD: Limits = { messages: 50, contacts: 100, unit: 'request', atOnce: null };
const JOBS = ['a', 'b', 'c', 'd'];

/** One job that always wants the next page, and reads it in no time. */
const readOn = (world: LimiterWorld, name: string, ms: number): void => {
  const until = world.now + ms;
  while (world.now < until) {
    world.request(name, 'messages');
    while (world.outstanding.length === 0 && world.now < until) {
      world.advance(Math.max(1, Math.min(until, world.deadline ?? until) - world.now));
    }
    const permit = world.outstanding[0];
    if (permit !== undefined) world.use(permit, true);
  }
};

const granted = (world: LimiterWorld, name = 'a'): Outstanding => {
  const permit = world.outstanding.find(({ job: holder }) => holder === name);
  if (permit === undefined) throw new Error(`${name} holds no permit`);
  return permit;
};

/** The permit that the next deadline brings. */
const nextGrant = (world: LimiterWorld, name = 'a'): Outstanding => {
  while (!world.outstanding.some((permit) => permit.job === name)) {
    if (world.deadline === null) throw new Error('Nothing will wake the limiter');
    world.advance(Math.max(0, world.deadline - world.now));
  }
  return granted(world, name);
};

describe('the rate limiter at work', () => {
  it('gives almost all that ten second windows allow, minute after minute', () => {
    const world = new LimiterWorld(DISCORD);
    readOn(world, 'a', 20 * 60_000);
    expect(world.most('messages', 60_000)).toBe(48);
    expect(world.most('messages', 10_000)).toBe(8);
    expect(world.uses.length / (20 * 50)).toBeGreaterThanOrEqual(0.95);
  });

  it('serves jobs in the order in which they asked', () => {
    const world = new LimiterWorld({ ...DISCORD, messages: 6 });
    for (const name of JOBS) world.request(name, 'messages');
    for (let served = 0; served < JOBS.length; served++) world.use(nextGrant(world, JOBS[served]), true);
    expect(world.grants.map((grant) => grant.job)).toEqual(JOBS);
    expect(world.grants.map(({ at }) => at - (world.grants[0]?.at ?? 0))).toEqual([0, 10_020, 20_040, 30_060]);
  });

  it('lets the one kind through while the other waits', () => {
    const world = new LimiterWorld({ ...DISCORD, messages: 1 });
    world.request('a', 'messages');
    world.use(granted(world), true);
    world.request('a', 'messages');
    world.request('b', 'contacts');
    expect(granted(world, 'b').kind).toBe('contacts');
  });

  it('tells who waits until when', () => {
    const world = new LimiterWorld({ ...DISCORD, messages: 6 });
    world.request('a', 'messages');
    world.use(granted(world), true);
    const [delayed] = world.request('a', 'messages');
    expect(delayed).toEqual({
      to: 'a',
      event: { type: 'permitDelayed', run: 'a-run', what: 'permit', until: world.now + 10_020 },
    });
  });

  it('lets a lowered limit count at once, and a raised one serve who waits', () => {
    const world = new LimiterWorld(DISCORD);
    for (let used = 0; used < 3; used++) {
      world.request('a', 'messages');
      world.use(granted(world), true);
    }
    world.tell({ type: 'limitsChanged', limits: { ...DISCORD, messages: 12 } });
    world.request('a', 'messages');
    expect(world.outstanding).toEqual([]);
    world.tell({ type: 'limitsChanged', limits: { ...DISCORD, messages: 24 } });
    expect(granted(world).grantedAt).toBe(world.now);
  });

  it('shrinks pages to fit where messages are counted', () => {
    const world = new LimiterWorld({ messages: 60, contacts: 60, unit: 'message', atOnce: null });
    const limitsGiven = (): unknown[] =>
      world.told.flatMap(({ event }) => (event.type === 'permitGranted' ? [event['limit']] : []));
    world.request('a', 'messages');
    expect(limitsGiven()).toEqual([10]);
    world.use(granted(world), true);
    world.request('a', 'messages');
    expect(world.outstanding).toEqual([]);
    world.use(nextGrant(world), true);
    expect(limitsGiven()).toEqual([10, 10]);
    world.request('b', 'contacts');
    expect(granted(world, 'b').cost).toBe(1);
  });

  it('gives a second permit ahead of need only while nobody waits', () => {
    const world = new LimiterWorld({ ...DISCORD, messages: 18 });
    world.request('a', 'messages');
    world.request('a', 'messages', true);
    world.request('b', 'messages');
    world.request('c', 'messages');
    expect(world.outstanding.map((permit) => permit.job)).toEqual(['a', 'a', 'b']);
    expect(world.request('b', 'messages', true)).toEqual([]);
    expect(world.context.queue.map((waiter) => waiter.job)).toEqual(['c']);
  });
});

describe('a cooldown', () => {
  it('lasts exactly as long as the platform says, for everybody', () => {
    const world = new LimiterWorld(DISCORD);
    world.request('a', 'messages');
    world.request('b', 'contacts');
    world.refuse(granted(world), 7_300);
    const began = world.now;
    for (const name of ['a', 'b']) world.request(name, 'messages');
    world.advance(7_299);
    expect(world.outstanding).toEqual([]);
    world.advance(1);
    expect(world.outstanding).toMatchObject([{ job: 'a', grantedAt: began + 7_300 }]);
  });

  it('recalls what is out, and counts it as used', () => {
    const world = new LimiterWorld({ ...DISCORD, messages: 12 });
    world.request('a', 'messages');
    world.request('b', 'messages');
    world.told.length = 0;
    world.refuse(granted(world), 1_000);
    expect(world.told.map(({ to, event }) => [to, event.type])).toEqual([
      ['a', 'permitsRecalled'],
      ['b', 'permitsRecalled'],
    ]);
    world.request('a', 'messages');
    expect(nextGrant(world).grantedAt).toBe(world.now);
    expect(world.now - (world.grants[0]?.at ?? 0)).toBe(10_020);
  });

  it.each([0, 0.5, 0.999])(
    'without a named time is 60 s, 120 s, 240 s and so on up to an hour (chance %d)',
    (random) => {
      const world = new LimiterWorld(DISCORD);
      world.chance(random);
      const lasted: number[] = [];
      world.request('a', 'messages');
      for (let refused = 0; refused < 8; refused++) {
        const permit = nextGrant(world);
        world.advance(150);
        world.refuse(permit, null, 150);
        lasted.push((world.context.cooldownUntil ?? 0) - world.now);
        world.request('a', 'messages');
      }
      const named = [60, 120, 240, 480, 960, 1_920, 3_600, 3_600].map((seconds) => seconds * 1_000);
      for (const [nth, ms] of lasted.entries()) {
        expect(ms).toBeGreaterThanOrEqual(named[nth] ?? 0);
        expect(ms).toBeLessThanOrEqual(Math.ceil((named[nth] ?? 0) * 1.05));
      }
    },
  );

  it('is one strike for all requests that were under way, however many are refused', () => {
    const world = new LimiterWorld(DISCORD);
    for (const name of JOBS) world.request(name, 'messages');
    world.refuse(granted(world), null);
    const until = world.context.cooldownUntil;
    world.refuseLate(null);
    world.advance(40);
    world.refuseLate(null);
    expect(world.context).toMatchObject({ strikes: 1, cooldownUntil: until });
    world.refuseLate(90_000);
    expect(world.context).toMatchObject({ strikes: 1, cooldownUntil: world.now + 90_000 });
  });

  it('is never shortened by a later word', () => {
    const world = new LimiterWorld(DISCORD);
    for (const name of JOBS) world.request(name, 'messages');
    world.refuse(granted(world), 50_000);
    const until = world.context.cooldownUntil;
    world.advance(10);
    world.refuseLate(500);
    expect(world.context.cooldownUntil).toBe(until);
  });

  it('is kept over a restart, and so are the log and the strikes', () => {
    const world = new LimiterWorld(DISCORD);
    readOn(world, 'a', 5_000);
    if (world.outstanding.length === 0) world.request('a', 'messages');
    world.refuse(nextGrant(world), null);
    const { cooldownUntil, strikes, log } = world.context;
    world.advance(20_000);
    world.restart();
    expect(world.snapshot.value).toBe('cooldown');
    expect(world.context).toMatchObject({ cooldownUntil, strikes, log });
    world.request('a', 'messages');
    expect(nextGrant(world).grantedAt).toBe(cooldownUntil);
  });

  it('ends in one probe at a time, and three successes lead back to normal and forget the strikes', () => {
    const world = new LimiterWorld(DISCORD);
    world.request('a', 'messages');
    world.refuse(granted(world), null);
    for (const name of JOBS) world.request(name, 'messages');
    for (const name of ['a', 'b', 'c']) {
      const permit = nextGrant(world, name);
      expect(world.outstanding).toEqual([permit]);
      expect(world.request(name, 'messages', true)).toEqual([]);
      world.use(permit, true);
    }
    world.use(granted(world, 'd'), true);
    world.advance(60_000);
    expect(world.snapshot.value).toBe('normal');
    expect(world.context).toMatchObject({ strikes: 0, probes: null });
  });

  it('goes on probing when a probe brings neither success nor a word', () => {
    const world = new LimiterWorld(DISCORD);
    world.request('a', 'messages');
    world.refuse(granted(world), 1_000);
    for (let probe = 0; probe < 5; probe++) {
      world.request('a', 'messages');
      world.use(nextGrant(world), false);
    }
    expect(world.context.probes).toBe(0);
  });
});

describe('a conversation that shall rest', () => {
  const stop = (world: LimiterWorld, retryAfterMs: number | null) =>
    world.tell({ type: 'conversationSaidStop', conversation: 'x', retryAfterMs });

  it('rests alone, until then', () => {
    const world = new LimiterWorld(DISCORD);
    stop(world, 5_000);
    const until = world.now + 5_000;
    expect(world.request('a', 'messages', false, 'x')).toEqual([
      { to: 'a', event: { type: 'conversationResting', run: 'a-run', until } },
    ]);
    expect(world.request('a', 'messages', true, 'x')).toEqual([]);
    world.request('b', 'messages', false, 'y');
    expect(world.outstanding.map((permit) => permit.job)).toEqual(['b']);
    world.advance(5_000);
    world.request('a', 'messages', false, 'x');
    expect(granted(world).grantedAt).toBe(until);
  });

  it('rests twice as long each time that no time is named, until an answer comes', () => {
    const world = new LimiterWorld(DISCORD);
    const rests = (): number => {
      stop(world, null);
      const ms = (world.context.resting['x']?.until ?? 0) - world.now;
      world.advance(ms);
      return ms;
    };
    expect([rests(), rests(), rests()]).toEqual([60_000, 120_000, 240_000]);
    world.request('a', 'messages', false, 'x');
    world.outstanding = [];
    world.tell({
      type: 'permitUsed',
      job: 'a',
      kind: 'messages',
      usedAt: world.now,
      succeeded: true,
      conversation: 'x',
    });
    expect(world.context.resting).toEqual({});
    expect(rests()).toBe(60_000);
  });
});
