import { Effect, Result } from 'effect';
import { describe, expect, it } from 'vitest';
import { problemOf } from '../../src/http/problem.ts';
import { route } from '../../src/http/route.ts';
import { runRoute } from '../../src/http/run-route.ts';
import { document } from '../../src/http/shape.ts';
import { inMemoryDeps } from './in-memory-deps.ts';

const NOTHING = { params: {}, query: {}, body: undefined, lastEventId: null };

const answered = async (effect: Effect.Effect<unknown>, limitMs: number) => {
  const { deps } = inMemoryDeps();
  const slow = route({ method: 'GET', path: '/slow', summary: 'Slow.', answer: document('x'), handle: () => effect });
  const result = await runRoute(slow, NOTHING, deps, limitMs);
  return Result.isSuccess(result) ? result.success : problemOf(result.failure, deps.log);
};

describe('a request that takes too long', () => {
  it.each([
    ['can be interrupted', Effect.never],
    ['cannot', Effect.uninterruptible(Effect.promise(() => new Promise(() => {})))],
  ])('is answered with 503 when its work %s', async (_name, effect) => {
    expect(await answered(effect, 20)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { error: { code: 'too_slow' } },
    });
  });

  it('is not held against one that is in time', async () => {
    expect(await answered(Effect.succeed({ fine: true }), 5_000)).toEqual({ kind: 'json', body: { fine: true } });
  });
});
