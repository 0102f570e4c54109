import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/ids.ts';
import { CoreWorld } from './core-world.ts';
import { SilentPhone } from './silent-phone.ts';

const NAMES = ['one', 'two', 'three'];
/** How long a phone is waited for, and the first cooldown, with its jitter. */
const [ANSWER_MS, COOLDOWN_MS, JITTER] = [30_000, 60_000, 0.05];

describe('a phone that is asked for history', () => {
  let world: CoreWorld;
  let phone: SilentPhone;

  beforeEach(async () => {
    phone = new SilentPhone();
    world = new CoreWorld(NAMES, phone);
    for (const conversation of world.platform.conversations) {
      for (let ago = 20; ago > 0; ago--) conversation.post(world.now - 60_000 * ago);
    }
    await world.start();
    await world.submit({ type: 'connect' });
    await world.wait(1_000);
    for (const conversation of world.platform.conversations) {
      for (const _ of [1, 2, 3]) {
        world.platform.post(conversation, world.now);
        await world.wait(1_000);
      }
    }
  });
  afterEach(() => world.stop());

  const over = async (jobId: JobId) => {
    for (let waits = 0; !world.areJobsOver; waits++) {
      if (waits > 4_000) throw new Error(`stuck: ${JSON.stringify(world.jobs.get(jobId))}`);
      expect(world.broken).toBeNull();
      await world.wait(1_000);
    }
    const job = world.jobs.get(jobId);
    if (job === undefined) throw new Error('There is no such job.');
    return job;
  };

  const holdsEverything = (name: string): boolean => {
    const conversation = world.platform.conversations.find(({ externalId }) => externalId === name);
    const id = world.store.rows.conversations.get(name)?.id;
    const held = id === undefined ? new Map() : world.store.rows.messagesOf(id);
    return conversation?.alive.every((message) => held.has(message.id)) === true;
  };

  const stopReasonOf = (name: string) => {
    const { conversations, stopReasons } = world.store.rows;
    const id = conversations.get(name)?.id;
    return id === undefined ? null : stopReasons.get(id);
  };

  const pauses = (): readonly number[] =>
    phone.asked.slice(1).map(({ at }, index) => at - (phone.asked[index]?.at ?? 0) - ANSWER_MS);

  it('and answers nothing is asked from another message, given pauses that double, and left after six requests; a later job completes it', async () => {
    for (const name of NAMES) phone.silent.add(name);
    const job = await over(await world.sync());
    expect(job.status).toBe('failed');
    expect(job.context.errorMessage).toContain('not answered 6 requests in a row');
    const [first, second] = phone.asked
      .map(({ conversation }) => conversation)
      .filter((name, at, all) => name !== all[at - 1]);
    expect(phone.asked.map(({ conversation }) => conversation)).toEqual([first, first, first, second, second, second]);
    for (const name of [first, second]) {
      const froms = phone.asked.filter(({ conversation }) => conversation === name).map(({ from }) => from);
      expect(new Set(froms).size).toBe(3);
    }
    const [again = 0, pause = 0, next = 0, anew = 0, longer = 0] = pauses();
    for (const short of [again, next, anew]) expect(short).toBeLessThan(2_000);
    expect(pause).toBeGreaterThanOrEqual(COOLDOWN_MS);
    expect(pause).toBeLessThan(COOLDOWN_MS * (1 + JITTER) + 2_000);
    expect(longer).toBeGreaterThanOrEqual(2 * COOLDOWN_MS);
    for (const name of NAMES) expect(holdsEverything(name)).toBe(false);
    expect([first, second].map((name) => stopReasonOf(name ?? ''))).toEqual(['phone_silent', 'phone_silent']);

    phone.silent.clear();
    const later = await over(await world.sync());
    expect([later.status, later.context.progress.errorCount]).toEqual(['completed', 0]);
    for (const name of NAMES) expect(holdsEverything(name)).toBe(true);
    expect(phone.mostAtOnce).toBe(1);
  });

  it('and keeps silent about one chat has the others read, and the job says which one is missing', async () => {
    phone.silent.add('two');
    const job = await over(await world.sync());
    expect(job.status).toBe('completed');
    expect(job.context.progress).toMatchObject({
      errors: [{ externalId: 'two', reason: 'phone_silent', count: 1 }],
      parts: [{ part: 'messages', status: 'incomplete' }],
    });
    expect(NAMES.map(holdsEverything)).toEqual([true, false, true]);
    expect(stopReasonOf('two')).toBe('phone_silent');
    phone.silent.clear();
    await over(await world.sync());
    expect(NAMES.map(holdsEverything)).toEqual([true, true, true]);
  });

  it('is never asked twice at once, nor more than its limits allow, by two jobs and over a restart', async () => {
    const ids = NAMES.map((name) => world.store.rows.conversations.get(name)?.id ?? '');
    const [one, ...others] = ids as [never, ...never[]];
    await world.sync({ conversationIds: [one] });
    const last = await world.sync({ conversationIds: others });
    await world.wait(5_000);
    await world.stop();
    await world.start();
    await over(last);
    const instants = phone.asked.map(({ at }) => at);
    const most = (windowMs: number) =>
      Math.max(...instants.map((from) => instants.filter((at) => at >= from && at < from + windowMs).length));
    expect(most(10_000)).toBeLessThanOrEqual(10);
    expect(most(60_000)).toBeLessThanOrEqual(60);
    expect(phone.mostAtOnce).toBe(1);
    expect(NAMES.map(holdsEverything)).toEqual([true, true, true]);
  });
});
