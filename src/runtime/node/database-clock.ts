import { type Clock, Effect } from 'effect';

/** Ours and the database's time may differ by this much, ms, before ours is set: answers take a while. */
const TOLERANCE_MS = 100;

/**
 * The database's time, kept by this machine's monotonic clock: deadlines that one node writes mean the same instant
 * to the next, and a wall clock that jumps is nobody's business. Set at each renewal of the lease.
 */
export class DatabaseClock implements Clock.Clock {
  readonly #base: Clock.Clock;
  /** ms to add to the monotonic clock */
  #offsetMs: number;

  constructor(base: Clock.Clock) {
    this.#base = base;
    this.#offsetMs = base.currentTimeMillisUnsafe() - this.#monotonicMs();
  }

  /** `databaseMs` is what the database showed at some time since `askedAtMs` on the monotonic clock. */
  set(databaseMs: number, askedAtMs: number): void {
    const offsetMs = databaseMs - (askedAtMs + this.#monotonicMs()) / 2;
    if (Math.abs(offsetMs - this.#offsetMs) > TOLERANCE_MS) this.#offsetMs = offsetMs;
  }

  currentTimeMillisUnsafe(): number {
    return Math.round(this.#monotonicMs() + this.#offsetMs);
  }

  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe());

  currentTimeNanosUnsafe(): bigint {
    return BigInt(this.currentTimeMillisUnsafe()) * 1_000_000n;
  }

  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe());

  monotonicTimeNanosUnsafe(): bigint {
    return this.#base.monotonicTimeNanosUnsafe();
  }

  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe());

  sleep(duration: Parameters<Clock.Clock['sleep']>[0]): Effect.Effect<void> {
    return this.#base.sleep(duration);
  }

  #monotonicMs(): number {
    return Number(this.#base.monotonicTimeNanosUnsafe()) / 1_000_000;
  }
}
