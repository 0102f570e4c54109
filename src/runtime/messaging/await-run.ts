import { Effect } from 'effect';
import type { Letter } from '../../domain/command.ts';
import type { StoreUnavailable } from '../../domain/errors.ts';
import { atMost } from '../at-most.ts';
import type { RuntimeStore } from '../store/runtime-store.ts';

/** A command takes milliseconds once its turn comes; it may be lost, or wait behind others. */
const PATIENCE_MS = 2_000;
const LOOK_EVERY_MS = 50;

/** Waits until a command has run, on whichever node its instance lives, and not for long. */
export const awaitRun = (
  { openCommands }: Pick<RuntimeStore<never>, 'openCommands'>,
  { instanceId, seq }: Letter,
): Effect.Effect<void, StoreUnavailable> => {
  const look: Effect.Effect<void, StoreUnavailable> = Effect.flatMap(openCommands(instanceId, seq - 1, 1), (open) =>
    open.some((letter) => letter.seq === seq) ? Effect.delay(look, LOOK_EVERY_MS) : Effect.void,
  );
  return Effect.asVoid(atMost(look, PATIENCE_MS));
};
