import { setImmediate } from 'node:timers/promises';
import { type Clock, Duration, Effect } from 'effect';

/** Resolves when nothing more will happen before time goes on. */
export type Settled = () => Promise<void>;

interface Timer {
  readonly dueAt: number;
  readonly wake: () => void;
}

/** In two parts, since nanoseconds since the epoch do not fit into a number. */
const nanosOf = (ms: number): bigint => {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000));
};

/** Enough for fibers that only compute and sleep; whoever does I/O brings a `settled` that knows of it. */
const oneTurn: Settled = () => setImmediate();

/**
 * Effect's clock on time of its own, for a whole service under test. Unlike effect's `TestClock` it is driven from
 * outside of Effect, starts at an instant of choice, waits between two timers until the service has settled, and can
 * drive itself: `autoAdvance` jumps to the next timer whenever nothing else is left to do.
 */
export class SimulatedClock implements Clock.Clock {
  #now: number;
  /** By due time; of the same time, first come first. */
  #timers: readonly Timer[] = [];
  #timerAdded = Promise.withResolvers<void>();

  /** `startAt` in ms since the epoch. */
  constructor(startAt: number = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
  }

  /** ms since the epoch */
  readonly now = (): number => this.#now;

  /** The instant of the next timer, ms; null when nobody sleeps. */
  readonly nextDueAt = (): number | null => this.#timers[0]?.dueAt ?? null;

  /** Lets `ms` pass: wakes every sleeper at its own instant, in order, those included that fall asleep meanwhile. */
  async advance(ms: number, settled: Settled = oneTurn): Promise<void> {
    const until = this.#now + ms;
    await settled();
    while ((this.nextDueAt() ?? Number.POSITIVE_INFINITY) <= until) {
      this.#wakeNext();
      await settled();
    }
    this.#now = until;
  }

  /**
   * Until `signal` aborts: waits until the service has settled, then jumps to the next timer as soon as there is one.
   */
  async autoAdvance(settled: Settled, signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    while (!signal.aborted) {
      await Promise.race([settled(), aborted]);
      if (signal.aborted) return;
      if (this.nextDueAt() === null) await Promise.race([this.#timerAdded.promise, aborted]);
      else this.#wakeNext();
    }
  }

  currentTimeMillisUnsafe(): number {
    return this.#now;
  }

  currentTimeNanosUnsafe(): bigint {
    return nanosOf(this.#now);
  }

  monotonicTimeNanosUnsafe(): bigint {
    return this.currentTimeNanosUnsafe();
  }

  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe());
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe());
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe());

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const ms = Duration.toMillis(duration);
    if (ms <= 0) return Effect.yieldNow;
    if (!Number.isFinite(ms)) return Effect.never;
    return Effect.callback<void>((resume) => {
      const timer = { dueAt: this.#now + ms, wake: () => resume(Effect.void) };
      this.#add(timer);
      return Effect.sync(() => this.#remove(timer));
    });
  }

  #add(timer: Timer): void {
    const index = this.#timers.findLastIndex(({ dueAt }) => dueAt <= timer.dueAt) + 1;
    this.#timers = this.#timers.toSpliced(index, 0, timer);
    this.#timerAdded.resolve();
    this.#timerAdded = Promise.withResolvers<void>();
  }

  #remove(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  #wakeNext(): void {
    const [timer, ...later] = this.#timers;
    if (timer === undefined) return;
    this.#timers = later;
    this.#now = Math.max(this.#now, timer.dueAt);
    timer.wake();
  }
}
