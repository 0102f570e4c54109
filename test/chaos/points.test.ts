import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Point, strikeAt } from '../harness/faults/strike.ts';
import { type Ground, loneGround, sharedGround, strikeOnce } from './point-run.ts';

/* `npm run chaos -- --points` strikes at every point in every way, on one service and on two nodes. */

const FROZEN_MS = 4_000;

/** Each half of a promise once: accepted and not told, told and not stored, stored and not told on. */
const HALVES: readonly Point[] = ['before-relay', 'before-commit', 'after-commit', 'before-mark'];

let lone: Ground;

beforeAll(async () => {
  lone = await loneGround(1);
});
afterAll(() => lone?.close());

for (const point of HALVES) {
  test(`a service that is killed at ${point} loses nothing and doubles nothing`, { timeout: 360_000 }, async () => {
    expect(await strikeOnce(lone, strikeAt(point, 'kill'), FROZEN_MS)).toEqual([]);
  });
}

test('a service that is frozen in the middle of a commit goes on', { timeout: 360_000 }, async () => {
  expect(await strikeOnce(lone, strikeAt('before-commit', 'freeze', 3), FROZEN_MS)).toEqual([]);
});

test('a commit of which nobody hears whether it succeeded is not made again', { timeout: 360_000 }, async () => {
  expect(await strikeOnce(lone, strikeAt('after-commit', 'fail', 4), FROZEN_MS)).toEqual([]);
});

test('a node that is killed between taking partitions over and restoring them leaves them to the next', {
  timeout: 480_000,
}, async () => {
  const shared = await sharedGround(2);
  try {
    expect(await strikeOnce(shared, strikeAt('takeover', 'kill'), FROZEN_MS)).toEqual([]);
    expect(await strikeOnce(shared, strikeAt('before-commit', 'kill', 3), FROZEN_MS)).toEqual([]);
  } finally {
    await shared.close();
  }
});
