import { Deferred, Effect, Queue } from 'effect';
import type { AliasReport } from '../../runtime/report.ts';

/** Messages that one step looks at: what an alias brings over may be the history of years. */
export const BROUGHT_AT_ONCE = 1_000;

/**
 * What aliases have still to bring over is in the database. This only knows that there may be some; once too often is
 * harmless, as after a step that was taken back.
 */
export class Leftovers {
  readonly #bell = Effect.runSync(Queue.sliding<void>(1));

  /** There may be more. Never blocks. */
  ring(): void {
    Queue.offerUnsafe(this.#bell, undefined);
  }

  /**
   * The activity that has them brought over: batch by batch, each in a step of its own, so that others have their
   * turns.
   */
  bringOver(report: (report: AliasReport) => void): Effect.Effect<never> {
    const next = Effect.gen({ self: this }, function* () {
      yield* Queue.take(this.#bell);
      const done = yield* Deferred.make<void>();
      report({ type: 'aliasesLeft', settled: () => Deferred.doneUnsafe(done, Effect.void) });
      yield* Deferred.await(done);
    });
    return Effect.forever(next);
  }
}
