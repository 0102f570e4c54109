import { Clock, Effect, type Scope } from 'effect';
import type { Log } from '../../domain/log.ts';
import type { Settings } from '../../domain/settings.ts';
import { startPerpetual } from '../../runtime/perpetual.ts';
import type { Retention } from './retention.ts';

const EVERY_MS = 3_600_000;
/** Between two batches of a round, so that deleting never crowds out the work. */
const BETWEEN_BATCHES = '50 millis';

/** Deletes what retention no longer keeps, once an hour and at start, a batch at a time, until the scope closes. */
export const startRetention = (
  retention: Retention,
  settings: () => Settings,
  log: Log,
): Effect.Effect<void, never, Scope.Scope> => {
  const batch = Effect.gen(function* () {
    return yield* retention.sweep(settings(), yield* Clock.currentTimeMillis);
  });
  const round = Effect.gen(function* () {
    let rows = 0;
    for (let gone = yield* batch; gone > 0; gone = yield* batch) {
      rows += gone;
      yield* Effect.sleep(BETWEEN_BATCHES);
    }
    if (rows > 0) log.info({ rows }, 'Retention: deleted what is no longer kept.');
  });
  return startPerpetual('retention', EVERY_MS, round, log);
};
