import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import type { Options } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { PgliteDriver } from '@mikro-orm/pglite';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { ALL_ENTITIES } from './src/db/entities/all-entities.ts';
import { ALL_MIGRATIONS } from './src/db/migrations/all-migrations.ts';

export interface OrmLocation {
  /** PostgreSQL 15 or later; null: the embedded database in `pgliteDir`. */
  readonly databaseUrl: string | null;
  readonly pgliteDir: string;
  /** Sessions of PostgreSQL. */
  readonly poolSize?: number;
}

export const DEFAULT_POOL_SIZE = 10;

/**
 * A session that idles in a transaction is ended after 3 s, so that a frozen node cannot keep its partitions from
 * the others. `query_timeout` is the client's own patience, for a network that swallows everything;
 * `connectionTimeoutMillis` is that for opening a session (who waits for one to be free waits in front of the pool).
 */
const SESSION = {
  application_name: 'omni-history-sync',
  idle_in_transaction_session_timeout: 3_000,
  statement_timeout: 15_000,
  lock_timeout: 5_000,
  query_timeout: 20_000,
  connectionTimeoutMillis: 5_000,
  keepAlive: true,
  // A statement leaves before the one before it is answered, where nobody waits for that answer.
  pipeline: true,
  // Of instants long past, other zones have offsets with seconds, which no Date can be made of.
  options: '-c TimeZone=UTC',
};

const driverOf = ({ databaseUrl, pgliteDir, poolSize = DEFAULT_POOL_SIZE }: OrmLocation): Partial<Options> =>
  databaseUrl === null
    ? { driver: PgliteDriver, dbName: pgliteDir, driverOptions: { extensions: { pg_trgm }, relaxedDurability: false } }
    : {
        driver: PostgreSqlDriver,
        clientUrl: databaseUrl,
        driverOptions: { ...SESSION, connectionString: databaseUrl },
        pool: { max: poolSize },
      };

/** The one configuration: PostgreSQL by its address, the embedded database otherwise. */
export const ormConfig = (location: OrmLocation): Partial<Options> => ({
  ...driverOf(location),
  entities: ALL_ENTITIES,
  // A mistyped DATABASE_URL is refused, not created.
  ensureDatabase: false,
  extensions: [Migrator],
  migrations: { migrationsList: ALL_MIGRATIONS, snapshot: false, silent: true },
  // Parameters of statements may be secrets or messages: nothing of them is logged.
  debug: false,
  logger: () => {},
});

/**
 * A session on which statements may take as long as they need: an index over millions of messages, a lock that is
 * held.
 */
const PATIENT = { statement_timeout: 0, lock_timeout: 0, query_timeout: 0 };

/** The same database for its migrations alone, which know no entities. */
export const migrationConfig = (location: OrmLocation): Partial<Options> => {
  const config = ormConfig({ ...location, poolSize: 1 });
  return {
    ...config,
    driverOptions: { ...config.driverOptions, ...PATIENT },
    entities: [],
    discovery: { warnWhenNoEntities: false },
  };
};
