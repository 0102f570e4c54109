import { RateLimited } from '../../platform-failure.ts';
import { quotaOf, type Refusal, rateLimitedBy } from './rate-limits.ts';
import type { Exchange } from './transport.ts';

interface Bucket {
  readonly remaining: number;
  /** ms */
  readonly resetAt: number;
}

const SWEEP_AT = 1_000;
const IDS = /\d{5,}/g;

/** The channel or guild that a bucket is kept for (docs: Rate Limits, top-level resources). */
const majorOf = (route: string): string => /^\/(?:channels|guilds)\/(\d+)/.exec(route)?.[1] ?? '';
const templateOf = (route: string): string => route.replaceAll(IDS, ':id');

/**
 * What the platform's headers say of each bucket, so that no request leaves that is known to be refused. The library
 * could do this too, but arms a timer for every request it keeps back, and leaves it running when it rejects instead.
 */
export class RateBuckets {
  readonly #buckets = new Map<string, Bucket>();
  /** Routes that share a bucket are given the same name for it by the platform. */
  readonly #names = new Map<string, string>();
  #allUntil = 0;

  #keyOf(route: string): string {
    const template = templateOf(route);
    return `${this.#names.get(template) ?? template} ${majorOf(route)}`;
  }

  /** Why a request has to wait, and until when; null when it may leave. `now` in ms. */
  heldBack(route: string, now: number): RateLimited | null {
    const bucket = this.#buckets.get(this.#keyOf(route));
    const ownUntil = bucket !== undefined && bucket.remaining <= 0 ? bucket.resetAt : 0;
    const until = Math.max(this.#allUntil, ownUntil);
    if (until <= now) return null;
    return new RateLimited({
      scope: ownUntil > this.#allUntil ? 'conversation' : 'instance',
      retryAfterMs: until - now,
      message: 'The rate limit is used up; the request was kept back until it is renewed.',
    });
  }

  /** Takes in the headers of an answer. */
  learn(route: string, headers: Exchange['headers'], now: number): void {
    const name = headers.get('x-ratelimit-bucket');
    if (name !== null) this.#names.set(templateOf(route), name);
    const quota = quotaOf(headers, now);
    if (quota !== null) this.#put(route, quota, now);
  }

  /** Takes in a 429, and says what it means. */
  refused(route: string, headers: Exchange['headers'], body: Refusal, now: number): RateLimited {
    this.learn(route, headers, now);
    const limited = rateLimitedBy(headers, body, now);
    if (limited.retryAfterMs === null) return limited;
    const resetAt = now + limited.retryAfterMs;
    if (limited.scope === 'instance') this.#allUntil = Math.max(this.#allUntil, resetAt);
    else this.#put(route, { remaining: 0, resetAt }, now);
    return limited;
  }

  #put(route: string, bucket: Bucket, now: number): void {
    if (this.#buckets.size >= SWEEP_AT) {
      for (const [key, { resetAt }] of this.#buckets) if (resetAt <= now) this.#buckets.delete(key);
    }
    this.#buckets.set(this.#keyOf(route), bucket);
  }
}
