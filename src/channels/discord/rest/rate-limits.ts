import type { Quota } from '../../channel.ts';
import { RateLimited } from '../../platform-failure.ts';
import type { Exchange } from './transport.ts';

type HeadersOf = Exchange['headers'];

const numberIn = (value: unknown): number | null => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
};

/** What `X-RateLimit-Remaining` and `X-RateLimit-Reset-After` (seconds, decimals) say is left of the bucket. */
export const quotaOf = (headers: HeadersOf, now: number): Quota | null => {
  const remaining = numberIn(headers.get('x-ratelimit-remaining'));
  const resetAfter = numberIn(headers.get('x-ratelimit-reset-after'));
  return remaining === null || resetAfter === null ? null : { remaining, resetAt: now + Math.ceil(resetAfter * 1000) };
};

/** `Retry-After` in seconds, or as a date when a proxy in between speaks. Milliseconds from now. */
const headerDelayMs = (header: string | null, now: number): number | null => {
  const seconds = numberIn(header);
  if (seconds !== null) return Math.ceil(seconds * 1000);
  const at = header === null ? Number.NaN : Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
};

/** The JSON of a 429, if it had any. */
export interface Refusal {
  readonly retry_after?: unknown;
  readonly global?: unknown;
  readonly message?: unknown;
}

/** When the bucket is renewed, for a 429 that says no more: after so many seconds, or at a time in seconds. */
const resetDelayMs = (headers: HeadersOf, now: number): number | null => {
  const after = numberIn(headers.get('x-ratelimit-reset-after'));
  if (after !== null) return Math.ceil(after * 1000);
  const at = numberIn(headers.get('x-ratelimit-reset'));
  return at === null ? null : Math.max(0, Math.ceil(at * 1000) - now);
};

const retryAfterMs = (headers: HeadersOf, body: Refusal, now: number): number | null => {
  const bodySeconds = numberIn(body.retry_after);
  const named = [
    headerDelayMs(headers.get('retry-after'), now),
    bodySeconds === null ? null : Math.ceil(bodySeconds * 1000),
  ];
  const known = named.filter((delay) => delay !== null);
  return known.length === 0 ? resetDelayMs(headers, now) : Math.max(...known);
};

/**
 * Whom a 429 means (docs: Rate Limits). `X-RateLimit-Global` and the scope `global` mean the bot; `shared` means the
 * channel; `user` means the bucket of the route if one is named, otherwise (a proxy in front) all of us.
 */
const scopeOf = (headers: HeadersOf, body: Refusal): RateLimited['scope'] => {
  const scope = headers.get('x-ratelimit-scope');
  const isGlobal = headers.get('x-ratelimit-global') !== null || scope === 'global' || body.global === true;
  const isOfRoute = scope === 'shared' || headers.get('x-ratelimit-bucket') !== null;
  return !isGlobal && isOfRoute ? 'conversation' : 'instance';
};

/** A real 429: `body` is its JSON, if it had any. */
export const rateLimitedBy = (headers: HeadersOf, body: Refusal, now: number): RateLimited =>
  new RateLimited({
    scope: scopeOf(headers, body),
    retryAfterMs: retryAfterMs(headers, body, now),
    message: typeof body.message === 'string' ? body.message.slice(0, 300) : 'Discord answered 429.',
  });
