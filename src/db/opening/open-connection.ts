import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/core';
import { PgliteConnection } from '@mikro-orm/pglite';
import { PostgreSqlConnection } from '@mikro-orm/postgresql';
import { Effect, type Scope } from 'effect';
import { DEFAULT_POOL_SIZE, ormConfig } from '../../../mikro-orm.config.ts';
import { messageOf, type StoreUnavailable } from '../../domain/errors.ts';
import { type Log, silentLog } from '../../domain/log.ts';
import { type EntityConnection, entityConnection } from '../connection/entity-connection.ts';
import { FairQueue } from '../connection/fair-queue.ts';
import { pgliteConnection } from '../connection/pglite-connection.ts';
import { guardParameters } from '../connection/pglite-guard.ts';
import { type PostgresPool, postgresConnection } from '../connection/postgres-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { sessionApart } from '../connection/session-apart.ts';
import { type Asker, SessionQueue } from '../connection/session-queue.ts';
import { DatabaseRefused } from '../database-refused.ts';
import { DataDirRefused, makeDataDir } from './data-dir.ts';
import { makeCluster } from './embedded-cluster.ts';
import { migrate } from './migrate.ts';

export interface DatabaseLocation {
  /** PostgreSQL 15 or later; null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Sessions of PostgreSQL, at least 2. */
  readonly databasePoolSize?: number;
  readonly logger?: Log;
}

interface Opened {
  readonly connection: EntityConnection;
  readonly close: () => Promise<void>;
}

const isExpected = (error: unknown): error is DatabaseRefused | DataDirRefused =>
  error instanceof DatabaseRefused || error instanceof DataDirRefused;

/** What PostgreSQL says (28: who you are, 3D: which database) when DATABASE_URL itself is wrong. */
const refusalOf = (error: unknown): unknown => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const reason = messageOf(error, code);
  if (/does not support SSL/i.test(reason)) {
    return new DatabaseRefused({
      message:
        'DATABASE_URL asks for TLS (sslmode), which the server does not offer: turn it on there, or leave it out.',
    });
  }
  if (!/^(28|3D)/.test(code)) return error;
  return new DatabaseRefused({
    message: `PostgreSQL refuses DATABASE_URL: ${reason}. Check user, password and database name.`,
  });
};

/** The API's, as long as opening a session may take; and what no statement outlasts (mikro-orm.config.ts). */
const PATIENCE = { patienceMs: 5_000, stalledMs: 20_000 };

const connectTo = async (orm: MikroORM, sessions: number): Promise<Opened> => {
  const client = orm.em.getDriver().getConnection();
  if (client instanceof PgliteConnection) {
    const queue = new FairQueue();
    const connection = pgliteConnection(guardParameters(await client.getNativeClient()), queue);
    return {
      connection: entityConnection(orm.em, { others: connection, instances: connection, apart: connection.query }),
      close: async () => {
        await queue.drained();
        await orm.close();
      },
    };
  }
  if (!(client instanceof PostgreSqlConnection)) throw new Error('The configuration names neither of the two drivers');
  const pool: PostgresPool = await client.getNativeClient();
  const apart = await sessionApart(orm);
  const queue = new SessionQueue({ sessions, kept: sessions < 5 ? 1 : 2, ...PATIENCE });
  const of = (asker: Asker) => postgresConnection(pool, (work) => queue.run(asker, work));
  return {
    connection: entityConnection(orm.em, { others: of('others'), instances: of('instances'), apart: apart.query }),
    close: async () => {
      await apart.close();
      await orm.close();
    },
  };
};

const open = async ({
  databaseUrl,
  dataDir,
  databasePoolSize = DEFAULT_POOL_SIZE,
  logger = silentLog,
}: DatabaseLocation): Promise<Opened> => {
  makeDataDir(dataDir);
  const pgliteDir = join(dataDir, 'pglite');
  if (databaseUrl === null) await makeCluster(pgliteDir, logger);
  const location = { databaseUrl, pgliteDir, poolSize: databasePoolSize };
  const orm = await MikroORM.init(ormConfig(location));
  try {
    const opened = await connectTo(orm, databasePoolSize);
    await migrate(orm, opened.connection, location);
    return opened;
  } catch (error) {
    await orm.close();
    throw refusalOf(error);
  }
};

/** A connection with the schema up to date, until the scope closes. */
export const openConnection = (
  location: DatabaseLocation,
): Effect.Effect<EntityConnection, DatabaseRefused | DataDirRefused | StoreUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    persevere(() => open(location), isExpected),
    ({ close }) => Effect.promise(close),
  ).pipe(Effect.map(({ connection }) => connection));
