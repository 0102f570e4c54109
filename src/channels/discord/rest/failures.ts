import {
  AccessDenied,
  BadAnswer,
  CredentialsRefused,
  type PlatformFailure,
  type RateLimited,
  Unreachable,
} from '../../platform-failure.ts';
import type { Refusal } from './rate-limits.ts';
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
export const wordsOf = (error: unknown): string => {
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

type OnLimited = (headers: Exchange['headers'], body: Refusal) => RateLimited;

/**
 * An error page says nothing about the conversation that was asked for: a proxy sends it. Only with 404 a server may
 * send one for whatever it does not have.
 */
const isPage = (text: string): boolean => text.trimStart().startsWith('<');

const answeredFailure = (exchange: Exchange, status: number, limited: OnLimited): PlatformFailure | null => {
  const { text } = exchange;
  const body = status >= 400 ? objectIn(text) : null;
  if (status >= 200 && status < 300) return null;
  if (status === 429) return limited(exchange.headers, body ?? {});
  if (status === 401) return new CredentialsRefused({ message: discordsWords(status, body) });
  if (status === 404 || (status === 403 && !isPage(text)))
    return new AccessDenied({ message: discordsWords(status, body) });
  return badAnswer(discordsWords(status, body), text);
};

/** What a request came to, or null when its answer is complete and successful. `limited` says what a 429 means. */
export const failureOf = (exchange: Exchange | null, error: unknown, limited: OnLimited): PlatformFailure | null => {
  if (exchange === null) {
    return new Unreachable({ message: `The request could not be made: ${wordsOf(error)}` });
  }
  const { status } = exchange;
  if (status === null) {
    if (isAbort(error)) return badAnswer('Discord did not answer in time.', null);
    return new Unreachable({ message: `Discord cannot be reached: ${wordsOf(error)}` });
  }
  const answered = answeredFailure(exchange, status, limited);
  if (answered !== null) return answered;
  if (exchange.complete) return null;
  return badAnswer(
    isAbort(error) ? 'The answer did not end in time.' : `The answer was cut off: ${wordsOf(error)}`,
    exchange.text,
  );
};
