import { Cause, Effect, Schedule, type Scope } from 'effect';
import type { Log } from '../domain/log.ts';

/**
 * Runs a round every `everyMs` until the scope closes; one that takes longer is followed by the next at once. A round
 * that fails, or breaks, is logged and does not end the work: nothing that a node lives on may stop without anybody
 * noticing.
 */
export const startPerpetual = (
  what: string,
  everyMs: number,
  round: Effect.Effect<unknown, unknown>,
  log: Log,
): Effect.Effect<void, never, Scope.Scope> => {
  const survived = Effect.catchCause(round, (cause) =>
    Cause.hasInterruptsOnly(cause)
      ? Effect.interrupt
      : Effect.sync(() =>
          log.warn({ what, cause: Cause.pretty(cause) }, 'A round of background work failed; the next one follows.'),
        ),
  );
  const rhythm = everyMs === 0 ? Schedule.forever : Schedule.fixed(everyMs);
  return Effect.asVoid(Effect.forkScoped(Effect.repeat(survived, rhythm)));
};

/** Tries once a second until it succeeds, and says each time why it did not. */
export const insist = <A>(what: string, effect: Effect.Effect<A, unknown>, log: Log): Effect.Effect<A> =>
  Effect.catchCause(effect, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt;
    log.warn({ what, cause: Cause.pretty(cause) }, 'It did not work; trying again in a second.');
    return Effect.delay(insist(what, effect, log), 1_000);
  });
