import { RateLimitError } from 'discord.js';
import {
  AccessDenied,
  BadAnswer,
  CredentialsRefused,
  type PlatformFailure,
  RateLimited,
  Unreachable,
} from '../platform-failure.ts';
import { rateLimitedBy } from './rate-limits.ts';
import type { Exchange } from './transport.ts';

const RAW_LENGTH = 2000;
const MESSAGE_LENGTH = 300;

export const badAnswer = (message: string, raw: string | null): BadAnswer =>
  new BadAnswer({ message, raw: raw === null ? null : raw.slice(0, RAW_LENGTH) });

const objectIn = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
};

/** What went wrong, in words without a stack: Node puts the useful ones into the cause. */
const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown reason';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  const words = error.message === '' && error.cause instanceof Error ? error.cause.message : error.message;
  return (code === null || words.includes(code) ? words : `${words} (${code})`).slice(0, MESSAGE_LENGTH);
};

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const discordsWords = (status: number, body: Readonly<Record<string, unknown>> | null): string => {
  const code = typeof body?.code === 'number' ? ` (${body.code})` : '';
  const message = typeof body?.message === 'string' ? body.message.slice(0, MESSAGE_LENGTH) : 'no explanation';
  return `Discord answered ${status}: ${message}${code}`;
};

/** An error page of a proxy says nothing about the conversation that was asked for. */
const isPage = (text: string): boolean => text.trimStart().startsWith('<');

const answeredFailure = (exchange: Exchange, status: number, now: number): PlatformFailure | null => {
  const { text } = exchange;
  const body = status >= 400 ? objectIn(text) : null;
  if (status >= 200 && status < 300) return null;
  if (status === 429) return rateLimitedBy(exchange.headers, body ?? {}, now);
  if (status === 401) return new CredentialsRefused({ message: discordsWords(status, body) });
  if ((status === 403 || status === 404) && !isPage(text))
    return new AccessDenied({ message: discordsWords(status, body) });
  return badAnswer(discordsWords(status, body), text);
};

/** discord.js kept the request back, because a bucket is known to be empty: the platform was not asked. */
const heldBack = (error: RateLimitError): RateLimited =>
  new RateLimited({
    scope: error.global ? 'instance' : 'conversation',
    retryAfterMs: Math.max(0, Math.ceil(error.timeToReset)),
    message: 'The rate-limit bucket is empty; the request was kept back until it fills again.',
  });

/** What a request came to, or null when its answer is complete and successful. `now` in ms. */
export const failureOf = (exchange: Exchange | null, error: unknown, now: number): PlatformFailure | null => {
  if (exchange === null) {
    if (error instanceof RateLimitError) return heldBack(error);
    return new Unreachable({ message: `The request could not be made: ${wordsOf(error)}` });
  }
  const { status } = exchange;
  if (status === null) {
    if (isAbort(error)) return badAnswer('Discord did not answer in time.', null);
    return new Unreachable({ message: `Discord cannot be reached: ${wordsOf(error)}` });
  }
  const answered = answeredFailure(exchange, status, now);
  if (answered !== null) return answered;
  if (exchange.complete) return null;
  return badAnswer(
    isAbort(error) ? 'The answer did not end in time.' : `The answer was cut off: ${wordsOf(error)}`,
    exchange.text,
  );
};
