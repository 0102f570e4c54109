import type { Bot } from '../world/bot.ts';
import type { SessionStartLimit } from './gateway-front.ts';
import type { Shard } from './session.ts';

const TOTAL = 1_000;
const DAY_MS = 86_400_000;
const MAX_CONCURRENCY = 1;

interface Starts {
  remaining: number;
  resetAt: number;
  /** By rate limit key (`shard id % max_concurrency`): when the last one was let through, ms. */
  readonly lastAt: Map<number, number>;
}

/** How often bots may identify: 1,000 times a day, and one per 5 s and concurrency key. */
export class SessionStarts {
  readonly #now: () => number;
  readonly #intervalMs: number;
  readonly #starts = new Map<Bot, Starts>();

  constructor(now: () => number, intervalMs: number) {
    this.#now = now;
    this.#intervalMs = intervalMs;
  }

  limitOf(bot: Bot): SessionStartLimit {
    const { remaining, resetAt } = this.#of(bot);
    return {
      total: TOTAL,
      remaining,
      reset_after: Math.max(0, resetAt - this.#now()),
      max_concurrency: MAX_CONCURRENCY,
    };
  }

  /** `exhausted`: Discord resets the token of a bot that identifies more often than it may. */
  take(bot: Bot, shard: Shard): 'granted' | 'tooSoon' | 'exhausted' {
    const starts = this.#of(bot);
    if (starts.remaining <= 0) return 'exhausted';
    starts.remaining -= 1;
    const key = shard.id % MAX_CONCURRENCY;
    const lastAt = starts.lastAt.get(key);
    if (lastAt !== undefined && this.#now() - lastAt < this.#intervalMs) return 'tooSoon';
    starts.lastAt.set(key, this.#now());
    return 'granted';
  }

  #of(bot: Bot): Starts {
    const known = this.#starts.get(bot);
    if (known !== undefined && known.resetAt > this.#now()) return known;
    const fresh = {
      remaining: TOTAL,
      resetAt: this.#now() + DAY_MS,
      lastAt: known?.lastAt ?? new Map<number, number>(),
    };
    this.#starts.set(bot, fresh);
    return fresh;
  }
}
