import { setImmediate } from 'node:timers/promises';
import { Clock, Effect, Fiber, Schedule } from 'effect';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from './simulated-clock.ts';

const START = Date.UTC(2026, 5, 1);

const setUp = () => {
  const clock = new SimulatedClock(START);
  const log: string[] = [];
  const run = <A>(effect: Effect.Effect<A>) => Effect.runFork(Effect.provideService(effect, Clock.Clock, clock));
  const say = (word: string) => Effect.sync(() => log.push(`${clock.now() - START} ${word}`));
  return { clock, log, run, say };
};

describe('a simulated clock', () => {
  test('tells its own time, in every unit', async () => {
    const { clock } = setUp();
    const read = Effect.all([Clock.currentTimeMillis, Clock.currentTimeNanos]);
    await clock.advance(1.5);
    expect(await Effect.runPromise(Effect.provideService(read, Clock.Clock, clock))).toEqual([
      START + 1.5,
      BigInt(START) * 1_000_000n + 1_500_000n,
    ]);
  });

  test('wakes sleepers at their own instants, first come first at the same one', async () => {
    const { clock, log, run, say } = setUp();
    const sleepers = [300, 100, 200, 100].map((ms, index) =>
      run(Effect.sleep(ms).pipe(Effect.andThen(say(`sleeper ${index}`)))),
    );
    await clock.advance(250);
    expect(log).toEqual(['100 sleeper 1', '100 sleeper 3', '200 sleeper 2']);
    expect(clock.now()).toBe(START + 250);
    expect(clock.nextDueAt()).toBe(START + 300);
    await clock.advance(50);
    await Promise.all(sleepers.map((fiber) => Effect.runPromise(Fiber.join(fiber))));
    expect(log.at(-1)).toBe('300 sleeper 0');
  });

  test('lets those sleep on time who fall asleep while it advances', async () => {
    const { clock, log, run, say } = setUp();
    run(say('tick').pipe(Effect.repeat(Schedule.spaced(100)), Effect.asVoid));
    await clock.advance(350);
    expect(log).toEqual(['0 tick', '100 tick', '200 tick', '300 tick']);
  });

  test('forgets a sleeper that was interrupted', async () => {
    const { clock, run } = setUp();
    const sleeper = run(Effect.sleep(100));
    await clock.advance(0);
    expect(clock.nextDueAt()).toBe(START + 100);
    await Effect.runPromise(Fiber.interrupt(sleeper));
    expect(clock.nextDueAt()).toBeNull();
  });

  test('drives itself over hours, in the time that the work takes', async () => {
    const { clock, run, say, log } = setUp();
    const stop = new AbortController();
    const driving = clock.autoAdvance(() => setImmediate(), stop.signal);
    const work = run(
      Effect.gen(function* () {
        yield* Effect.sleep('1 hour');
        yield* say('first');
        yield* Effect.sleep('2 hours');
        yield* say('second');
      }),
    );
    await Effect.runPromise(Fiber.join(work));
    stop.abort();
    await driving;
    expect(log).toEqual(['3600000 first', '10800000 second']);
  });

  test('does not let time go on before the work in hand has settled', async () => {
    const { clock, run } = setUp();
    const stop = new AbortController();
    const inHand = Promise.withResolvers<void>();
    const driving = clock.autoAdvance(() => inHand.promise, stop.signal);
    const sleeper = run(Effect.sleep(1_000));
    await setImmediate();
    expect(clock.now()).toBe(START);
    inHand.resolve();
    await Effect.runPromise(Fiber.join(sleeper));
    expect(clock.now()).toBe(START + 1_000);
    stop.abort();
    await driving;
  });

  test('waits for the next timer when nobody sleeps, and stops when told', async () => {
    const { clock, run } = setUp();
    const stop = new AbortController();
    const driving = clock.autoAdvance(() => setImmediate(), stop.signal);
    await setImmediate();
    await setImmediate();
    await Effect.runPromise(Fiber.join(run(Effect.sleep(10))));
    expect(clock.now()).toBe(START + 10);
    stop.abort();
    await driving;
  });
});
