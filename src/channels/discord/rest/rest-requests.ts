import { type Client, RequestMethod } from 'discord.js';
import { Effect, Exit, Schema } from 'effect';
import type { Quota } from '../../channel.ts';
import { BadAnswer, type CredentialsRefused, type PlatformFailure } from '../../platform-failure.ts';
import { badAnswer, failureOf } from './failures.ts';
import { RateBuckets } from './rate-buckets.ts';
import { quotaOf } from './rate-limits.ts';
import { recordedIn, type Slot } from './transport.ts';

/** One answered request. */
export interface Answer<A> {
  readonly value: A;
  /** When it left, ms. */
  readonly requestedAt: number;
  readonly quota: Quota | null;
}

type Query = Readonly<Record<string, string | number | null>>;

export interface DiscordRequests {
  /** Makes one GET and checks the shape of its answer. Interrupting it aborts the request. */
  readonly get: <A>(
    route: `/${string}`,
    query: Query,
    shape: Schema.Decoder<A>,
  ) => Effect.Effect<Answer<A>, PlatformFailure>;
}

const searchOf = (query: Query): URLSearchParams =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, `${value}`]])),
  );

interface RequestsOf {
  readonly rest: Client['rest'];
  readonly token: string;
  readonly now: () => number;
  /** Told when Discord no longer takes the token. */
  readonly onRefused: (failure: CredentialsRefused) => void;
}

export const discordRequests = ({ rest, token, now, onRefused }: RequestsOf): DiscordRequests => {
  const buckets = new RateBuckets();

  const withoutToken = (failure: PlatformFailure): PlatformFailure =>
    failure instanceof BadAnswer && failure.raw !== null
      ? new BadAnswer({ message: failure.message, raw: failure.raw.replaceAll(token, '[token]') })
      : failure;

  /** Never rejects: what happened is in the slot and the error. */
  const attempt = async (route: `/${string}`, query: Query, signal: AbortSignal) => {
    const slot: Slot = { exchange: null };
    try {
      const request = { fullRoute: route, method: RequestMethod.Get, query: searchOf(query), signal } as const;
      await recordedIn(slot, () => rest.queueRequest(request));
      return { slot, error: null };
    } catch (error) {
      return { slot, error };
    }
  };

  const parse = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };

  return {
    get: Effect.fnUntraced(function* (route, query, shape) {
      const heldBack = buckets.heldBack(route, now());
      if (heldBack !== null) return yield* heldBack;
      const { slot, error } = yield* Effect.promise((signal) => attempt(route, query, signal));
      const answeredAt = now();
      // A refusal uses up a bucket as a page does.
      if (slot.exchange !== null) buckets.learn(route, slot.exchange.headers, answeredAt);
      const failure = failureOf(slot.exchange, error, (headers, body) =>
        buckets.refused(route, headers, body, answeredAt),
      );
      if (failure?._tag === 'CredentialsRefused') onRefused(failure);
      if (failure !== null || slot.exchange === null) {
        return yield* Effect.fail(withoutToken(failure ?? badAnswer('The request vanished.', null)));
      }
      const { text, requestedAt, headers } = slot.exchange;
      const decoded = Schema.decodeUnknownExit(shape)(parse(text));
      if (Exit.isFailure(decoded)) {
        return yield* Effect.fail(withoutToken(badAnswer('The answer is not the JSON that was due.', text)));
      }
      return { value: decoded.value, requestedAt, quota: quotaOf(headers, answeredAt) };
    }),
  };
};
