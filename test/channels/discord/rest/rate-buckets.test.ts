import { describe, expect, it } from 'vitest';
import { RateBuckets } from '../../../../src/channels/discord/rest/rate-buckets.ts';

const A = '/channels/500000000000000001/messages';
const B = '/channels/500000000000000002/messages';
const NOW = 1_000_000;

const headers = (given: Record<string, string>) => new Headers(given);
const empty = headers({ 'x-ratelimit-bucket': 'b', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.5' });

describe('rate-limit buckets', () => {
  it('keep requests of an empty bucket back until it is renewed, and no others', () => {
    const buckets = new RateBuckets();
    expect(buckets.heldBack(A, NOW)).toBeNull();
    buckets.learn(A, empty, NOW);
    expect(buckets.heldBack(A, NOW + 500)).toMatchObject({ scope: 'conversation', retryAfterMs: 1_000 });
    expect(buckets.heldBack(B, NOW + 500)).toBeNull();
    expect(buckets.heldBack(A, NOW + 1_500)).toBeNull();
  });

  it('hold everything back after a 429 that means all of us', () => {
    const buckets = new RateBuckets();
    const limited = buckets.refused(A, headers({ 'retry-after': '2', 'x-ratelimit-global': 'true' }), {}, NOW);
    expect(limited).toMatchObject({ scope: 'instance', retryAfterMs: 2_000 });
    expect(buckets.heldBack(B, NOW + 1_999)).toMatchObject({ scope: 'instance', retryAfterMs: 1 });
    expect(buckets.heldBack(B, NOW + 2_000)).toBeNull();
  });

  it.each([
    ['the header', { 'retry-after': '1.25' }, {}, 1_250],
    ['the body', {}, { retry_after: 64.57 }, 64_570],
    ['both, the larger', { 'retry-after': '65' }, { retry_after: 64.57 }, 65_000],
    ['a date', { 'retry-after': new Date(NOW + 5_000).toUTCString() }, {}, 5_000],
    ['the bucket alone', { 'x-ratelimit-reset-after': '3.5' }, {}, 3_500],
    ['the bucket alone, as a time', { 'x-ratelimit-reset': String((NOW + 7_000) / 1000) }, {}, 7_000],
    ['the header rather than the bucket', { 'retry-after': '2', 'x-ratelimit-reset-after': '60' }, {}, 2_000],
    ['nobody', {}, { retry_after: 'soon' }, null],
    ['nobody', { 'retry-after': '' }, {}, null],
  ])('take the time named by %s', (_, given, body, expected) => {
    expect(new RateBuckets().refused(A, headers(given as Record<string, string>), body, NOW).retryAfterMs).toBe(
      expected,
    );
  });

  it.each([
    [{ 'x-ratelimit-scope': 'user', 'x-ratelimit-bucket': 'b' }, {}, 'conversation'],
    [{ 'x-ratelimit-scope': 'shared' }, {}, 'conversation'],
    [{ 'x-ratelimit-scope': 'user' }, {}, 'instance'],
    [{ 'x-ratelimit-scope': 'global', 'x-ratelimit-bucket': 'b' }, {}, 'instance'],
    [{ 'x-ratelimit-bucket': 'b' }, { global: true }, 'instance'],
    [{}, {}, 'instance'],
  ])('tell whom %j %j means', (given, body, scope) => {
    expect(new RateBuckets().refused(A, headers(given as Record<string, string>), body, NOW).scope).toBe(scope);
  });

  it('know that routes of one name share a bucket', () => {
    const buckets = new RateBuckets();
    const other = '/channels/500000000000000001/pins';
    buckets.learn(
      other,
      headers({ 'x-ratelimit-bucket': 'b', 'x-ratelimit-remaining': '3', 'x-ratelimit-reset-after': '1' }),
      NOW,
    );
    buckets.learn(A, empty, NOW);
    expect(buckets.heldBack(other, NOW)).not.toBeNull();
  });
});
