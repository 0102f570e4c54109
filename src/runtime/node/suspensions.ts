import { Clock, Effect, type Scope } from 'effect';
import type { Log } from '../../domain/log.ts';
import { startPerpetual } from '../perpetual.ts';
import type { DatabaseClock } from './database-clock.ts';

const LOOK_EVERY_MS = 3_000;
/** Some systems tell how long they are up in whole seconds. */
const WORTH_IT_MS = 2_000;

/**
 * For a process that is alone: time goes on from what the wall clock showed at the start, since nobody's limit may
 * depend on somebody setting a clock. The monotonic clock stands still while the machine sleeps; `uptimeMs` does not,
 * and says how much to add.
 */
export const countSuspensions = (
  clock: DatabaseClock,
  uptimeMs: () => number,
  log: Log,
): Effect.Effect<void, never, Scope.Scope> => {
  const base = clock.currentTimeMillisUnsafe() - uptimeMs();
  const look = Effect.gen(function* () {
    const monotonicMs = Number((yield* Clock.Clock).monotonicTimeNanosUnsafe()) / 1_000_000;
    const now = base + uptimeMs();
    if (now - clock.currentTimeMillisUnsafe() > WORTH_IT_MS) clock.set(now, monotonicMs);
  });
  return startPerpetual('counting suspensions', LOOK_EVERY_MS, look, log);
};
