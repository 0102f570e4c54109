import { describe, expect, it } from 'vitest';
import { LimiterWorld, type Outstanding } from './limiter-world.ts';

const WHATSAPP = { messages: 30, contacts: 60, unit: 'request', atOnce: 1 } as const;

const out = (world: LimiterWorld): Outstanding => {
  const [permit, ...more] = world.outstanding;
  if (permit === undefined || more.length > 0) throw new Error(`${world.outstanding.length} permits are out.`);
  return permit;
};

describe('a limiter of requests that are to go one at a time', () => {
  it('lets nobody ask while an answer is awaited, and has no timer until it came', () => {
    const world = new LimiterWorld(WHATSAPP);
    world.request('a', 'messages');
    world.request('a', 'messages', true);
    const told = world.request('b', 'messages');
    expect(told).toMatchObject([{ to: 'b', event: { type: 'permitDelayed', until: null } }]);
    expect([world.outstanding.map(({ job }) => job), world.deadline]).toEqual([['a'], null]);
    world.now += 3_600_000;
    expect(world.deadline).toBeNull();
    world.use(out(world), true, 30_000);
    expect(out(world).job).toBe('b');
  });

  it('does not hold lookups up', () => {
    const world = new LimiterWorld(WHATSAPP);
    world.request('a', 'messages');
    world.request('b', 'contacts');
    expect(world.outstanding.map(({ kind }) => kind)).toEqual(['messages', 'contacts']);
  });

  it('wakes for a lookup that waits for room, although a request for messages is out', () => {
    const world = new LimiterWorld({ ...WHATSAPP, contacts: 6 });
    world.request('c', 'contacts');
    world.use(out(world), true);
    world.request('a', 'messages');
    world.request('b', 'messages');
    world.request('c', 'contacts');
    const due = (world.deadline ?? 0) - world.now;
    expect(due).toBeGreaterThanOrEqual(10_000);
    expect(due).toBeLessThan(10_100);
    world.now = world.deadline ?? 0;
    world.tell({ type: 'timerDue' });
    expect(world.outstanding.map(({ job }) => job)).toEqual(['a', 'c']);
    expect(world.deadline).toBeNull();
  });

  it('gives at most 30 in any minute, one at a time, to two jobs that never tire, over restarts', () => {
    const world = new LimiterWorld(WHATSAPP);
    const until = world.now + 10 * 60_000;
    const ask = (job: string): void => {
      if (!world.context.queue.some((waiter) => waiter.job === job)) world.request(job, 'messages');
    };
    for (let answers = 1; world.now < until; ) {
      for (const job of ['a', 'b']) ask(job);
      expect(world.outstanding.length).toBeLessThanOrEqual(1);
      const [permit] = world.outstanding;
      if (permit === undefined) world.advance(Math.max(1, (world.deadline ?? 0) - world.now));
      else if (answers++ % 20 === 0) world.restart();
      else {
        world.now += 200;
        world.use(permit, true);
      }
    }
    expect(world.most('messages', 60_000)).toBe(30);
    expect(world.most('messages', 10_000)).toBe(5);
    expect(world.uses.length).toBeGreaterThan(250);
  });
});
