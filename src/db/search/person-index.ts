import type { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Connection, Sql } from '../connection/sql.ts';
import { missingTrigrams, stateOfIndex } from './trigrams.ts';

/*
 * The trigram indexes by which persons are found. They are built with the tables, while these are empty. On a server
 * without the extension the service works all the same: searches then read the whole table, and find nothing that is
 * merely similar. Once the extension is there, the next start builds them.
 */

/** Any number, the same for every build: one node builds, the others leave it to that one. */
const INDEX_LOCK = 7_041_988_884;

const INDEXES = {
  platform_identities_search:
    'platform_identities USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 1024)',
  persons_search: 'persons USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 1024)',
} as const;

const unbuilt = async (sql: Sql): Promise<readonly (keyof typeof INDEXES)[]> => {
  const names = Object.keys(INDEXES) as (keyof typeof INDEXES)[];
  const states = await Promise.all(names.map((name) => stateOfIndex(sql, name)));
  return names.filter((_, at) => states[at] !== 'valid');
};

const build = async (connection: Connection, log: Log): Promise<void> =>
  connection.maintenance(async (sql) => {
    if (connection.kind === 'postgres') {
      // Waiting for the lock would be a transaction that the building waits for in turn.
      const [lock] = await sql.rows<{ ours: boolean }>('SELECT pg_try_advisory_lock($1) AS ours', [INDEX_LOCK]);
      if (lock?.ours !== true) return;
    }
    const missing = await missingTrigrams(sql);
    if (missing !== null) {
      log.error({}, `There is no index over persons, and searching them stays slow: ${missing}`);
      return;
    }
    const concurrently = connection.kind === 'postgres' ? 'CONCURRENTLY' : '';
    for (const name of await unbuilt(sql)) {
      await sql.run(`DROP INDEX ${concurrently} IF EXISTS ${name}`);
      await sql.run(`CREATE INDEX ${concurrently} ${name} ON ${INDEXES[name]}`);
    }
  });

/** Says whether names can be compared by their trigrams. */
export const openPersonIndex = (connection: Connection, log: Log): Effect.Effect<() => boolean, StoreUnavailable> =>
  persevere(async () => {
    const isThere = async () => (await connection.query(unbuilt)).length === 0;
    if (!(await isThere())) await build(connection, log);
    const ready = await isThere();
    return () => ready;
  });
