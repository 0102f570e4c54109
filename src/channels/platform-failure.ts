import { Data } from 'effect';

/** The platform said: too much. `retryAfterMs` null means that it named no time. */
export class RateLimited extends Data.TaggedError('RateLimited')<{
  readonly scope: 'instance' | 'conversation';
  readonly retryAfterMs: number | null;
  readonly message: string;
}> {}

/** This conversation may not be read, or is gone (403, 404). It is left alone until it answers again. */
export class AccessDenied extends Data.TaggedError('AccessDenied')<{ readonly message: string }> {}

/** No answer at all: connection refused, reset before a status line. Waits, and counts against nobody. */
export class Unreachable extends Data.TaggedError('Unreachable')<{ readonly message: string }> {}

/** Asked, and no answer within its time, though the platform itself is there: the phone is off, or ignores us. */
export class Silent extends Data.TaggedError('Silent')<{ readonly message: string }> {}

/** Nothing is held from which the platform could go on reading, or it does not know what is. */
export class NoAnchor extends Data.TaggedError('NoAnchor')<{ readonly message: string }> {}

/** A bad answer: 5xx, time-out, cut body, HTML where JSON was due, JSON of another shape. */
export class BadAnswer extends Data.TaggedError('BadAnswer')<{
  readonly message: string;
  /** The first 2,000 characters of what came, for the operator. */
  readonly raw: string | null;
}> {}

/** The credentials are no longer taken (401). The connection reports `connectionLost` as well. */
export class CredentialsRefused extends Data.TaggedError('CredentialsRefused')<{ readonly message: string }> {}

/** What a platform request can come to. Each has one fate, decided in `src/sync/fate.ts`. */
export type PlatformFailure =
  | RateLimited
  | AccessDenied
  | Unreachable
  | Silent
  | NoAnchor
  | BadAnswer
  | CredentialsRefused;
