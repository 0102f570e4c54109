import { MikroORM } from '@mikro-orm/core';
import { migrationConfig, type OrmLocation } from '../../../mikro-orm.config.ts';
import type { Connection, Sql } from '../connection/sql.ts';
import { DatabaseRefused } from '../database-refused.ts';
import { ALL_MIGRATIONS } from '../migrations/all-migrations.ts';

/** Any number, the same for every build: nodes that start together migrate one after the other. */
const MIGRATION_LOCK = 7_041_988_881;

const refuseNewer = async (sql: Sql): Promise<void> => {
  const [table] = await sql.rows<{ there: boolean }>(`SELECT to_regclass('mikro_orm_migrations') IS NOT NULL AS there`);
  if (table?.there !== true) return;
  const applied = await sql.rows<{ name: string }>('SELECT name FROM mikro_orm_migrations ORDER BY id');
  const known = new Set(ALL_MIGRATIONS.map(({ name }) => name));
  const unknown = applied.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw new DatabaseRefused({
    message:
      `The database is newer than this build: it has the migration ${unknown.join(', ')}, which this build does not know. ` +
      'Start the newer build again, or restore a backup from before the upgrade.',
  });
};

const refuseOld = async (sql: Sql): Promise<void> => {
  const [server] = await sql.rows<{ version: number; name: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name`,
  );
  if (server !== undefined && server.version >= 150_000) return;
  throw new DatabaseRefused({ message: `PostgreSQL 15 or later is needed; DATABASE_URL leads to ${server?.name}.` });
};

/** Its own pool, since no time limit of a session that serves requests holds for a migration. */
const migratePatiently = async (location: OrmLocation): Promise<void> => {
  const orm = await MikroORM.init(migrationConfig(location));
  try {
    await orm.migrator.up();
  } finally {
    await orm.close();
  }
};

/** Brings the schema up to date, once, however many nodes start together. Throws `DatabaseRefused`. */
export const migrate = (orm: MikroORM, connection: Connection, location: OrmLocation): Promise<void> =>
  connection.maintenance(async (sql) => {
    if (connection.kind === 'postgres') {
      await refuseOld(sql);
      // Ends with the session, which `maintenance` closes.
      await sql.rows('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    }
    await refuseNewer(sql);
    if (connection.kind === 'pglite') await orm.migrator.up();
    else if ((await orm.migrator.getPending()).length > 0) await migratePatiently(location);
  });
