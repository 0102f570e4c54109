import { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Connection, Sql } from '../connection/sql.ts';
import { type IndexState, missingTrigrams, stateOfIndex } from './trigrams.ts';

/** The trigram index over message text: it makes searches fast, and storing several times slower. */
export interface SearchIndex {
  /** Whether searches may rely on it now. */
  readonly isReady: () => boolean;
  readonly set: (on: boolean) => Effect.Effect<void, StoreUnavailable>;
}

/** Any number, the same for every build: one node builds, the others leave it to that one. */
const INDEX_LOCK = 7_041_988_883;

const stateOf = (sql: Sql): Promise<IndexState> => stateOfIndex(sql, 'omni_events_text');

const build = async (sql: Sql, concurrently: string, log: Log): Promise<boolean> => {
  const state = await stateOf(sql);
  if (state === 'valid') return true;
  const missing = await missingTrigrams(sql);
  if (missing !== null) {
    log.error({ setting: 'search.index' }, `There is no search index, and searches stay slow: ${missing}`);
    return false;
  }
  if (state === 'broken') await sql.run(`DROP INDEX ${concurrently} omni_events_text`);
  log.info({}, 'Building the search index');
  await sql.run(`CREATE INDEX ${concurrently} omni_events_text ON omni_events USING gin (text gin_trgm_ops)`);
  log.info({}, 'The search index is ready');
  return true;
};

/**
 * Raw SQL, as all that changes the schema. Without holding up those who write, which the embedded database cannot do.
 */
const change = async (connection: Connection, on: boolean, log: Log): Promise<boolean> =>
  connection.maintenance(async (sql) => {
    const concurrently = connection.kind === 'postgres' ? 'CONCURRENTLY' : '';
    if (connection.kind === 'postgres') {
      // Waiting for the lock would be a transaction that the building waits for in turn.
      const [lock] = await sql.rows<{ ours: boolean }>('SELECT pg_try_advisory_lock($1) AS ours', [INDEX_LOCK]);
      if (lock?.ours !== true) return (await stateOf(sql)) === 'valid';
    }
    if (on) return build(sql, concurrently, log);
    await sql.run(`DROP INDEX ${concurrently} IF EXISTS omni_events_text`);
    return false;
  });

export const openSearchIndex = (connection: Connection, log: Log): Effect.Effect<SearchIndex, StoreUnavailable> =>
  persevere(() => connection.query(stateOf)).pipe(
    Effect.map((state) => {
      let ready = state === 'valid';
      return {
        isReady: () => ready,
        set: (on) =>
          persevere(async () => {
            // Searches stop relying on it before it goes.
            ready = ready && on;
            ready = await change(connection, on, log);
          }),
      };
    }),
  );
