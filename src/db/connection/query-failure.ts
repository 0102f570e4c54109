import { Effect } from 'effect';
import { Contention, StoreUnavailable } from '../../domain/errors.ts';

/** Codes of https://www.postgresql.org/docs/current/errcodes-appendix.html that say: try the same transaction again. */
const CONTENTION = new Set(['40001', '40P01', '55P03']);

/**
 * Codes that say the database is away, whatever was asked: connection exceptions (08), insufficient resources (53),
 * shutdown (57P01 to 57P05), a statement or idle transaction that took too long (57014, 25P03; a transaction that
 * the server ended has written nothing), and a server that is a standby now (25006).
 */
const UNAVAILABLE = /^(08|53|57P0|58)|^(57014|25P03|25P04|25006)$/;

/** By `statement_timeout`: who keeps asking for the same may be asking for too much. */
const QUERY_CANCELED = '57014';

const NETWORK = new Set(
  'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ENOENT'.split(' '),
);

/** What the `pg` and PGlite clients say without a code when their connection is gone. */
const LOST =
  /connection terminated|connection ended|read timeout|timeout exceeded when trying to connect|not queryable|connection error|pglite is (closed|closing)|after calling end on the pool|was destroyed|was closed/i;

const codeOf = (error: unknown): string | null =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : null;

const isUnavailable = (error: unknown): boolean => {
  const code = codeOf(error);
  if (code !== null && (UNAVAILABLE.test(code) || NETWORK.has(code))) return true;
  // WebAssembly's own error: the embedded database has crashed.
  return error instanceof Error && code === null && (error.name === 'RuntimeError' || LOST.test(error.message));
};

/**
 * The fate of an error that a statement threw. Null: neither the moment nor the database is to blame, but the
 * statement.
 */
export const failureOf = (error: unknown): Contention | StoreUnavailable | null => {
  if (error instanceof Contention || error instanceof StoreUnavailable) return error;
  if (CONTENTION.has(codeOf(error) ?? '')) return new Contention({ cause: error });
  if (!isUnavailable(error)) return null;
  return new StoreUnavailable({ cause: error, ranOutOfTime: codeOf(error) === QUERY_CANCELED });
};

/** Nothing but a failure of the database is expected. */
const nothingElse = (_error: unknown): _error is never => false;

/**
 * Runs `work` to its end, whoever is interrupted meanwhile. What `expected` knows becomes a failure as it is;
 * a constraint violation and every other surprise is a defect, since trying again would not help.
 */
export const attempt = <A, E = never>(
  work: () => Promise<A>,
  expected: (error: unknown) => error is E = nothingElse,
): Effect.Effect<A, E | Contention | StoreUnavailable> =>
  Effect.tryPromise({ try: work, catch: (error) => error }).pipe(
    Effect.catch((error): Effect.Effect<never, E | Contention | StoreUnavailable> => {
      if (expected(error)) return Effect.fail(error);
      const failure = failureOf(error);
      return failure === null ? Effect.die(error) : Effect.fail(failure);
    }),
    Effect.uninterruptible,
  );

const TRIES = 5;

/** Like `attempt`, trying again where transactions got into each other's way. */
export const persevere = <A, E = never>(
  work: () => Promise<A>,
  expected: (error: unknown) => error is E = nothingElse,
): Effect.Effect<A, E | StoreUnavailable> => {
  const from = (tries: number): Effect.Effect<A, E | StoreUnavailable> =>
    attempt(work, expected).pipe(
      Effect.catchIf(
        (error): error is Contention => error instanceof Contention,
        (error) => (tries > 1 ? from(tries - 1) : Effect.fail(new StoreUnavailable({ cause: error }))),
      ),
    ) as Effect.Effect<A, E | StoreUnavailable>;
  return from(TRIES);
};
