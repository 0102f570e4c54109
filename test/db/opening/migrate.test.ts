import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Effect } from 'effect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openConnection } from '../../../src/db/opening/open-connection.ts';
import { type PostgresServer, startOwnPostgres } from '../../servers/postgres.ts';

let server: PostgresServer;
let dataDir: string;

beforeAll(async () => {
  server = await startOwnPostgres();
  dataDir = mkdtempSync(join(tmpdir(), 'omni-migrate-'));
});
afterAll(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Has the server note under which limits each statement of a migration runs. */
const NOTE_LIMITS = [
  'CREATE TABLE noted (statement_timeout text, lock_timeout text)',
  `CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
     INSERT INTO noted VALUES (current_setting('statement_timeout'), current_setting('lock_timeout'));
   END $$`,
  `CREATE EVENT TRIGGER note ON ddl_command_end WHEN TAG IN ('CREATE INDEX', 'CREATE TABLE', 'ALTER TABLE')
     EXECUTE FUNCTION note()`,
];

it('lets no migration run out of time, however long its index takes to build', async () => {
  const databaseUrl = await server.freshDatabase();
  for (const statement of NOTE_LIMITS) await server.admin(statement, databaseUrl);
  // MikroORM makes its own table before it knows what is pending.
  const limits = await Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(openConnection({ databaseUrl, dataDir }), (connection) =>
        Effect.promise(() =>
          connection.query((sql) =>
            sql.rows('SELECT statement_timeout, lock_timeout, count(*) > 20 AS many FROM noted GROUP BY 1, 2'),
          ),
        ),
      ),
    ),
  );
  expect(limits).toContainEqual({ statement_timeout: '0', lock_timeout: '0', many: true });
  expect(limits.filter((one) => 'many' in one && one.many === true)).toHaveLength(1);
});

it('migrates nothing where nothing is pending', async () => {
  const databaseUrl = await server.freshDatabase();
  await Effect.runPromise(Effect.scoped(openConnection({ databaseUrl, dataDir })));
  for (const statement of NOTE_LIMITS) await server.admin(statement, databaseUrl);
  await Effect.runPromise(Effect.scoped(openConnection({ databaseUrl, dataDir })));
  expect(await server.admin('SELECT * FROM noted', databaseUrl)).toEqual([]);
});
