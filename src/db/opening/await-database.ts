import { Clock, Data, Effect } from 'effect';
import { messageOf, type StoreUnavailable } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import type { DatabaseRefused } from '../database-refused.ts';
import type { DataDirRefused } from './data-dir.ts';

/** How long a start waits for PostgreSQL: what is started together comes up in any order. */
const START_PATIENCE_MS = 60_000;
const TRY_EVERY_MS = 2_000;

/**
 * PostgreSQL did not answer when the service was started. The message says where it was looked for, without password.
 */
export class DatabaseAway extends Data.TaggedError('DatabaseAway')<{ readonly message: string }> {}

type Refusal = DatabaseRefused | DataDirRefused;

const reasonOf = (cause: unknown): string => {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  return messageOf(cause, 'no reason given');
};

const sentenceOf = (databaseUrl: string, cause: unknown): string => {
  const { hostname, port } = new URL(databaseUrl);
  return `DATABASE_URL: PostgreSQL at ${hostname}:${port || 5432} does not answer (${reasonOf(cause)})`;
};

/** Opens what needs PostgreSQL, again and again until it answers or patience ends. */
export const awaitDatabase = <A, R>(
  open: Effect.Effect<A, Refusal | StoreUnavailable, R>,
  databaseUrl: string,
  log: Log,
): Effect.Effect<A, Refusal | DatabaseAway, R> => {
  const from = (giveUpAt: number, isFirst: boolean): Effect.Effect<A, Refusal | DatabaseAway, R> =>
    Effect.catchTag(open, 'StoreUnavailable', ({ cause }) =>
      Effect.gen(function* () {
        const sentence = sentenceOf(databaseUrl, cause);
        if ((yield* Clock.currentTimeMillis) >= giveUpAt) {
          return yield* new DatabaseAway({ message: `${sentence}. Start it, or correct the address.` });
        }
        if (isFirst) log.warn({}, `${sentence}; it is tried again for ${START_PATIENCE_MS / 1000} seconds.`);
        yield* Effect.sleep(TRY_EVERY_MS);
        return yield* from(giveUpAt, false);
      }),
    );
  return Effect.flatMap(Clock.currentTimeMillis, (now) => from(now + START_PATIENCE_MS, true));
};
