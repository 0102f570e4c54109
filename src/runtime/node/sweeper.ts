import { Clock, Effect, type Scope } from 'effect';
import type { Log } from '../../domain/log.ts';
import { startPerpetual } from '../perpetual.ts';
import type { RuntimeStore } from '../store/runtime-store.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { OwnedPartitions } from './owned-partitions.ts';

/** How often is looked, and how old a command is that nobody seems to deliver, ms: found after 15 s at the latest. */
const LOOK_EVERY_MS = 5_000;
const OLD_MS = 10_000;
const AT_ONCE = 500;

/** Finds committed commands that the mailbox has lost, and hands them over itself, until the scope closes. */
export const startSweeper = <Tx extends StepTransaction>(
  store: RuntimeStore<Tx>,
  owned: OwnedPartitions<Tx>,
  log: Log,
): Effect.Effect<void, never, Scope.Scope> => {
  const sweep = Effect.gen(function* () {
    const before = (yield* Clock.currentTimeMillis) - OLD_MS;
    const letters = yield* store.undelivered(owned.numbers, before, AT_ONCE);
    for (const letter of letters) owned.of(letter.instanceId)?.deliver(letter);
  });
  return startPerpetual('sweeping', LOOK_EVERY_MS, sweep, log);
};
