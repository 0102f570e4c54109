import { Data } from 'effect';

/** What an error says; of what is thrown and is none, `otherwise`. */
export const messageOf = (error: unknown, otherwise: string = String(error)): string =>
  error instanceof Error ? error.message : otherwise;

/** A request that is refused: what was wrong, where, and what would be right. Becomes an HTTP 4xx. */
export class Refused extends Data.TaggedError('Refused')<{
  readonly status: 400 | 401 | 404 | 409 | 413 | 429;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
}> {}

/** The database does not answer. Never the caller's fault, never a command's: whoever meets it waits. */
export class StoreUnavailable extends Data.TaggedError('StoreUnavailable')<{
  readonly cause: unknown;
  /** Nothing was asked of the database, so nothing was written either: there was no session to ask. */
  readonly nothingWasAsked?: boolean;
  /** A statement took longer than the database lets one take, which may be the fault of what was asked. */
  readonly ranOutOfTime?: boolean;
}> {}

/** Serialization failure or deadlock (40001, 40P01): the same transaction may be tried again. */
export class Contention extends Data.TaggedError('Contention')<{ readonly cause: unknown }> {}

/** The partition belongs to a later epoch: this node must stop the instance and write nothing. */
export class Fenced extends Data.TaggedError('Fenced')<{ readonly partition: number; readonly epoch: number }> {}

/** A snapshot that this build cannot take up: the instance is parked, the node goes on. */
export class SnapshotUnusable extends Data.TaggedError('SnapshotUnusable')<{
  readonly actor: string;
  readonly message: string;
}> {}
