import { Effect, Exit, Scope } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntityConnection } from '../../../src/db/connection/entity-connection.ts';
import type { Sql } from '../../../src/db/connection/sql.ts';
import { openConnection } from '../../../src/db/opening/open-connection.ts';
import { pgliteDriver } from '../pglite-driver.ts';

describe('a parameter that the embedded database cannot write', () => {
  const driver = pgliteDriver();
  const scope = Effect.runSync(Scope.make());
  let connection: EntityConnection;
  beforeAll(async () => {
    const location = await driver.prepare();
    connection = await Effect.runPromise(Scope.provide(openConnection(location), scope));
  });
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void));
    await driver.dispose();
  });

  const numberForArray = (sql: Sql) => sql.rows('SELECT $1::int[] AS numbers', [5]);
  const worksAsBefore = async () => {
    for (const n of [1, 2, 3]) {
      expect(await connection.query((sql) => sql.rows('SELECT $1::int AS n', [n]))).toEqual([{ n }]);
      expect(await connection.transaction((sql) => sql.rows('SELECT $1::int AS n', [n]))).toEqual([{ n }]);
    }
  };

  it('makes its own statement fail, and none after it', async () => {
    await expect(connection.query(numberForArray)).rejects.toThrow();
    await worksAsBefore();
  });

  it('makes its own transaction roll back, and none after it', async () => {
    const insert = `INSERT INTO nodes (node_id, lease_until) VALUES ('never', now())`;
    const broken = connection.transaction(async (sql) => {
      await sql.run(insert);
      return numberForArray(sql);
    });
    await expect(broken).rejects.toThrow();
    await worksAsBefore();
    expect(await connection.query((sql) => sql.rows(`SELECT 1 FROM nodes WHERE node_id = 'never'`))).toEqual([]);
  });

  it('makes its own step roll back, and none after it', async () => {
    await expect(connection.step(numberForArray)).rejects.toThrow();
    await worksAsBefore();
  });
});
