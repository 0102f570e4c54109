import { Effect, Option } from 'effect';
import { expect, it } from 'vitest';
import { atMost } from '../../src/runtime/at-most.ts';

const run = Effect.runPromise;

it('brings what comes in time, and what it failed with', async () => {
  expect(await run(atMost(Effect.succeed('here'), 1_000))).toEqual(Option.some('here'));
  expect(await run(Effect.flip(atMost(Effect.fail('broken'), 1_000)))).toBe('broken');
});

it('does not wait for what nobody can interrupt', { timeout: 10_000 }, async () => {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const asking = Effect.uninterruptible(Effect.promise(() => over));
  expect(await run(atMost(asking, 10))).toEqual(Option.none());
  end();
});

it('interrupts what can be interrupted', { timeout: 10_000 }, async () => {
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  const asking = Effect.onInterrupt(Effect.never, () => Effect.sync(resolve));
  expect(await run(atMost(asking, 10))).toEqual(Option.none());
  await interrupted;
});
