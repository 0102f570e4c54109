import { mix } from '../chance.ts';
import { type Answer, json } from './answer.ts';

export interface Allowance {
  readonly requests: number;
  readonly perMs: number;
}

/** Null opens a limiter. */
export interface RateLimits {
  /** Reading messages, per channel. */
  readonly messages: Allowance | null;
  /** Every other route, per route and channel or guild. */
  readonly others: Allowance | null;
  /** All requests of a token. */
  readonly global: Allowance | null;
}

/**
 * Discord does not publish its figures; these are what its headers show and what its documentation says of the global
 * one.
 */
export const DISCORD_RATE_LIMITS: RateLimits = {
  messages: { requests: 5, perMs: 5_000 },
  others: { requests: 10, perMs: 10_000 },
  global: { requests: 50, perMs: 1_000 },
};

export const NO_RATE_LIMITS: RateLimits = { messages: null, others: null, global: null };

export type RateLimitScope = 'user' | 'global' | 'shared';

interface Bucket {
  remaining: number;
  resetAt: number;
}

export interface Call {
  readonly token: string;
  readonly route: string;
  /** The channel or guild of the path, or empty. */
  readonly major: string;
}

export type Verdict = { readonly refused: Answer } | { readonly headers: Readonly<Record<string, string>> };

const MESSAGES = '/channels/:channelId/messages';
const SWEEP_AT = 10_000;

/**
 * Buckets that start with their first request, as Discord's do. https://discord.com/developers/docs/topics/rate-limits
 */
export class RateLimiter {
  limits: RateLimits;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits, now: () => number) {
    this.limits = limits;
    this.#now = now;
  }

  take(call: Call): Verdict {
    const now = this.#now();
    const shared = this.#bucket(`global ${call.token}`, this.limits.global, now);
    if (shared !== null && shared.remaining <= 0) return { refused: tooMany(shared.resetAt - now, 'global', {}) };

    const allowance = this.#allowanceOf(call);
    const own = this.#bucket(keyOf(call), allowance, now);
    if (own !== null && own.remaining <= 0) {
      return { refused: tooMany(own.resetAt - now, 'user', headersOf(call, own, allowance, now)) };
    }
    if (shared !== null) shared.remaining -= 1;
    if (own === null) return { headers: {} };
    own.remaining -= 1;
    return { headers: headersOf(call, own, allowance, now) };
  }

  /** Empties the bucket of a call, or the global one, for `ms`: what a 429 has promised is kept. Gives its headers. */
  block(call: Call, scope: RateLimitScope, ms: number): Readonly<Record<string, string>> {
    const now = this.#now();
    const bucket = { remaining: 0, resetAt: now + ms };
    this.#buckets.set(scope === 'global' ? `global ${call.token}` : keyOf(call), bucket);
    return scope === 'global' ? {} : headersOf(call, bucket, this.#allowanceOf(call), now);
  }

  #allowanceOf({ route }: Call): Allowance | null {
    return route === MESSAGES ? this.limits.messages : this.limits.others;
  }

  #bucket(key: string, allowance: Allowance | null, now: number): Bucket | null {
    const known = this.#buckets.get(key);
    if (known !== undefined && known.resetAt > now) return known;
    if (allowance === null) return null;
    if (this.#buckets.size > SWEEP_AT) this.#sweep(now);
    const fresh = { remaining: allowance.requests, resetAt: now + allowance.perMs };
    this.#buckets.set(key, fresh);
    return fresh;
  }

  #sweep(now: number): void {
    for (const [key, { resetAt }] of this.#buckets) if (resetAt <= now) this.#buckets.delete(key);
  }
}

const keyOf = ({ token, route, major }: Call): string => `${token} ${route} ${major}`;

const bucketNames = new Map<string, string>();
const bucketName = (route: string): string => {
  const known = bucketNames.get(route);
  if (known !== undefined) return known;
  const codes = [...route].map((letter) => letter.charCodeAt(0));
  const name = [1, 2, 3, 4]
    .map((salt) =>
      mix(salt, ...codes)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
  bucketNames.set(route, name);
  return name;
};

const headersOf = (call: Call, bucket: Bucket, allowance: Allowance | null, now: number): Record<string, string> => ({
  'x-ratelimit-limit': String(allowance?.requests ?? 1),
  'x-ratelimit-remaining': String(bucket.remaining),
  'x-ratelimit-reset': (bucket.resetAt / 1_000).toFixed(3),
  'x-ratelimit-reset-after': (Math.max(0, bucket.resetAt - now) / 1_000).toFixed(3),
  'x-ratelimit-bucket': bucketName(call.route),
});

/** The header is in whole seconds, rounded up; the body is exact. `namedIn` leaves one or both away. */
export const tooMany = (
  retryAfterMs: number | null,
  scope: RateLimitScope,
  headers: Readonly<Record<string, string>>,
  namedIn: 'both' | 'header' | 'body' = 'both',
): Answer => {
  const message = scope === 'shared' ? 'The resource is being rate limited.' : 'You are being rate limited.';
  const inBody = retryAfterMs !== null && namedIn !== 'header' ? { retry_after: Math.ceil(retryAfterMs) / 1_000 } : {};
  const inHeader =
    retryAfterMs !== null && namedIn !== 'body' ? { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) } : {};
  return json(
    429,
    { message, ...inBody, global: scope === 'global' },
    {
      ...headers,
      ...inHeader,
      'x-ratelimit-scope': scope,
      ...(scope === 'global' ? { 'x-ratelimit-global': 'true' } : {}),
    },
  );
};
