import { type Clock, Duration, Effect } from 'effect';
import type { SimulatedClock } from '../../simulated-clock.ts';

/**
 * The clock of one process on the time that all share. While the process is halted (frozen, or dead) time goes on
 * and the process does not: whoever slept sleeps on, and wakes, late, when it is let go.
 */
export class HaltingClock implements Clock.Clock {
  readonly #shared: SimulatedClock;
  readonly #isMonotonicDead: boolean;
  #halted: PromiseWithResolvers<void> | null = null;

  /** `isMonotonicDead`: its monotonic clock stands still, so that whatever goes by it holds for ever. */
  constructor(shared: SimulatedClock, isMonotonicDead = false) {
    this.#shared = shared;
    this.#isMonotonicDead = isMonotonicDead;
  }

  get isHalted(): boolean {
    return this.#halted !== null;
  }

  halt(): void {
    this.#halted ??= Promise.withResolvers<void>();
  }

  letGo(): void {
    this.#halted?.resolve();
    this.#halted = null;
  }

  /** Passes as soon as the process runs. */
  readonly running: Effect.Effect<void> = Effect.suspend(() =>
    this.#halted === null
      ? Effect.void
      : Effect.andThen(
          Effect.promise(() => this.#halted?.promise ?? Promise.resolve()),
          this.running,
        ),
  );

  /** Does it in the process: now, or as soon as it runs. */
  inside(act: () => void): void {
    if (this.#halted === null) act();
    else void this.#halted.promise.then(() => this.inside(act));
  }

  /** Time passes whether the process runs or not; it notices when it runs. */
  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.andThen(this.#shared.sleep(duration), this.running);
  }

  /** Time passes on the way to somewhere else, and nobody notices. */
  passes(ms: number): Effect.Effect<void> {
    return this.#shared.sleep(Duration.millis(ms));
  }

  currentTimeMillisUnsafe(): number {
    return this.#shared.currentTimeMillisUnsafe();
  }

  currentTimeNanosUnsafe(): bigint {
    return this.#shared.currentTimeNanosUnsafe();
  }

  monotonicTimeNanosUnsafe(): bigint {
    return this.#isMonotonicDead ? 0n : this.#shared.monotonicTimeNanosUnsafe();
  }

  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe());
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe());
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe());
}
