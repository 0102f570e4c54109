import { Cause, Effect, Queue, type Scope } from 'effect';
import { schedule } from 'node-cron';
import type { Log } from '../domain/log.ts';

/** Every five seconds: they say how soon a slot is noticed, `cron-slots.ts` says when it is. */
const EVERY_FIVE_SECONDS = '*/5 * * * * *';

/**
 * Has `look` run at every tick, and once at the start, until the scope closes. Ticks that come while it runs are one. A
 * look that fails is logged; the next one does what it left undone.
 */
export const startTicking = (
  look: Effect.Effect<void, unknown>,
  log: Log,
  pattern = EVERY_FIVE_SECONDS,
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ticks = yield* Queue.sliding<void>(1);
    const tick = (): void => void Queue.offerUnsafe(ticks, undefined);
    tick();
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        schedule(pattern, tick, { name: 'schedules', logger: loggerOf(log), suppressMissedWarning: true }),
      ),
      (task) => Effect.promise(async () => task.destroy()),
    );
    const survived = Effect.catchCause(look, (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.sync(() =>
            log.warn({ cause: Cause.pretty(cause) }, 'The schedules could not be looked at; the next tick will.'),
          ),
    );
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Queue.take(ticks), survived)));
  });

const loggerOf = (log: Log) => ({
  info: (message: string) => log.debug({}, message),
  warn: (message: string) => log.warn({}, message),
  error: (message: string | Error, error?: Error) =>
    log.error({ error: error ?? message }, 'The ticking met an error.'),
  debug: (message: string | Error) => log.debug({}, String(message)),
});
