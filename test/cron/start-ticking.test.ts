import { setImmediate } from 'node:timers/promises';
import { Effect, Exit, Scope } from 'effect';
import { getTasks } from 'node-cron';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTicking } from '../../src/cron/start-ticking.ts';
import { silentLog } from '../../src/domain/log.ts';

// node-cron goes by the machine's clock and timers.
beforeEach(
  () => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1, 3, 0, 1), toFake: ['Date', 'setTimeout', 'clearTimeout'] }),
);
afterEach(() => void vi.useRealTimers());

/** Lets time pass for node-cron, and what its ticks have woken come to rest. */
const pass = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turns = 0; turns < 5; turns++) await setImmediate();
};

const ticking = async (look: Effect.Effect<void, unknown>, said: string[] = []) => {
  const scope = Effect.runSync(Scope.make());
  const log = { ...silentLog, warn: (_fields: object, message: string) => void said.push(message) };
  await Effect.runPromise(startTicking(look, log).pipe(Scope.provide(scope)));
  return () => Effect.runPromise(Scope.close(scope, Exit.void));
};

test('looks at once, then every five seconds, until it is closed', async () => {
  let looks = 0;
  const stop = await ticking(Effect.sync(() => void looks++));
  await pass(0);
  expect(looks).toBe(1);
  for (let ticks = 0; ticks < 12; ticks++) await pass(5_000);
  expect(looks).toBe(13);
  await stop();
  await pass(60_000);
  expect(looks).toBe(13);
  expect([...getTasks().values()]).toEqual([]);
});

test('a look that fails or breaks is said, and the next tick looks again', async () => {
  let looks = 0;
  const said: string[] = [];
  const look = Effect.suspend(() => {
    looks += 1;
    return looks % 2 === 0 ? Effect.fail('away') : Effect.die(new Error('broken'));
  });
  const stop = await ticking(look, said);
  await pass(11_000);
  expect(looks).toBe(3);
  expect(said).toHaveLength(3);
  await stop();
});

test('ticks that come while it looks are one more look', async () => {
  let looks = 0;
  const held = Promise.withResolvers<void>();
  const look = Effect.suspend(() => {
    looks += 1;
    return looks === 1 ? Effect.promise(() => held.promise) : Effect.void;
  });
  const stop = await ticking(look);
  await pass(32_000);
  expect(looks).toBe(1);
  held.resolve();
  await pass(100);
  expect(looks).toBe(2);
  await stop();
});
