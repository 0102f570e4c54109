import { Effect, Fiber, type Option } from 'effect';

/**
 * What an effect brings within `patienceMs`, also where it lets nobody interrupt it, as what asks the database does:
 * then it ends by itself, and nobody waits for it.
 */
export const atMost = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  patienceMs: number,
): Effect.Effect<Option.Option<A>, E, R> =>
  Effect.flatMap(Effect.forkDetach(effect), (fiber) =>
    Fiber.join(fiber).pipe(
      Effect.timeoutOption(patienceMs),
      Effect.ensuring(Effect.forkDetach(Fiber.interrupt(fiber))),
    ),
  );
