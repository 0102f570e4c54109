import { Clock, Effect, Option, type Scope } from 'effect';
import type { Letter } from '../../domain/command.ts';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { startPerpetual } from '../perpetual.ts';
import type { RemovalStore } from '../store/removal-store.ts';
import type { RuntimeStore } from '../store/runtime-store.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { OwnedPartitions } from './owned-partitions.ts';

/** How often is looked, and how old a command is that nobody seems to deliver, ms: found after 15 s at the latest. */
const LOOK_EVERY_MS = 5_000;
const OLD_MS = 10_000;
const AT_ONCE = 500;
/** Every so many looks all that lives here is looked up too: an instance may be gone without anybody having said so. */
const LOOKS_TO_ALL = 12;
/** A step may hang for as long as the database does; the next look halts its instance again. */
const HALT_PATIENCE_MS = 5_000;

/**
 * Finds committed commands that the mailbox has lost, and hands them over itself; and instances that are being removed,
 * and puts them down. Until the scope closes.
 */
export const startSweeper = <Tx extends StepTransaction>(
  store: RuntimeStore<Tx>,
  owned: OwnedPartitions<Tx>,
  log: Log,
): Effect.Effect<void, never, Scope.Scope> => {
  let looks = 0;
  // Where the last look stopped: letters that nobody takes, as those of parked instances, keep no others waiting.
  let after: InstanceId | null = null;
  const sweep = Effect.gen(function* () {
    const before = (yield* Clock.currentTimeMillis) - OLD_MS;
    const letters: readonly Letter[] = yield* store.undelivered(owned.numbers, before, AT_ONCE, after);
    after = letters.length < AT_ONCE ? null : (letters.at(-1)?.instanceId ?? null);
    for (const letter of letters) owned.of(letter.instanceId)?.deliver(letter);
    const living = looks++ % LOOKS_TO_ALL === 0 ? owned.processes.map(({ id }) => id) : [];
    yield* letGo(store.removals, owned, living);
  });
  return startPerpetual('sweeping', LOOK_EVERY_MS, sweep, log);
};

/** The connection of an instance that is being removed ends here, before its rows do. */
const letGo = <Tx extends StepTransaction>(
  removals: RemovalStore,
  owned: OwnedPartitions<Tx>,
  living: readonly InstanceId[],
): Effect.Effect<void, StoreUnavailable> =>
  Effect.gen(function* () {
    const { fences, numbers } = owned;
    const ids = yield* removals.toLetGo(numbers, living);
    if (ids.length === 0) return;
    const halted = yield* Effect.forEach(
      ids,
      (id) => Effect.as(owned.halt(id), id).pipe(Effect.timeoutOption(HALT_PATIENCE_MS)),
      { concurrency: 'unbounded' },
    );
    yield* removals.letGo(fences, halted.flatMap(Option.toArray));
  });
