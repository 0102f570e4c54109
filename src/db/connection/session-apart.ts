import type { MikroORM } from '@mikro-orm/core';
import { PostgreSqlConnection } from '@mikro-orm/postgresql';
import { type PostgresPool, postgresConnection } from './postgres-connection.ts';
import { SessionQueue } from './session-queue.ts';
import type { Connection } from './sql.ts';

/** A lease is renewed every 3 s: what takes longer is given up, and the next try begins on a fresh session. */
const PATIENCE_MS = 2_500;

/** A pool of one: it connects again by itself, and whoever exhausts the other pool leaves this session alone. */
const ONE = {
  application_name: 'omni-history-sync leases',
  max: 1,
  connectionTimeoutMillis: PATIENCE_MS,
  query_timeout: PATIENCE_MS,
  statement_timeout: PATIENCE_MS,
  lock_timeout: PATIENCE_MS,
};

export interface SessionApart {
  readonly query: Connection['query'];
  readonly close: () => Promise<void>;
}

/** A session of PostgreSQL beside the pool, for what must go on when everything else has to wait: the leases. */
export const sessionApart = async (orm: MikroORM): Promise<SessionApart> => {
  const connection = new PostgreSqlConnection(orm.config, {
    clientUrl: orm.config.get('clientUrl'),
    driverOptions: { ...orm.config.get('driverOptions'), ...ONE },
  });
  const pool: PostgresPool = await connection.getNativeClient();
  const queue = new SessionQueue({ sessions: ONE.max, kept: 0, patienceMs: PATIENCE_MS, stalledMs: PATIENCE_MS });
  return {
    query: postgresConnection(pool, (work) => queue.run('others', work)).query,
    close: () => connection.close(),
  };
};
