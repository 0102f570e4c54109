import { Clock, Effect, type Scope } from 'effect';
import type { Log } from '../domain/log.ts';
import type { OwnedPartitions } from './owned-partitions.ts';
import { startPerpetual } from './perpetual.ts';
import type { RuntimeStore, StepTransaction } from './store.ts';

/** Commands that nobody has delivered are looked for this often, and taken once they are this old, ms. */
const SWEEP_MS = 15_000;
const AT_ONCE = 500;

/** Finds committed commands that the mailbox has lost, and hands them over itself, until the scope closes. */
export const startSweeper = <Tx extends StepTransaction>(
  store: RuntimeStore<Tx>,
  owned: OwnedPartitions<Tx>,
  log: Log,
): Effect.Effect<void, never, Scope.Scope> => {
  const sweep = Effect.gen(function* () {
    const before = (yield* Clock.currentTimeMillis) - SWEEP_MS;
    const letters = yield* store.undelivered(owned.numbers, before, AT_ONCE);
    for (const letter of letters) owned.of(letter.instanceId)?.deliver(letter);
  });
  return startPerpetual('sweeping', SWEEP_MS, sweep, log);
};
