import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PgliteConnection } from '@mikro-orm/pglite';
import { PostgreSqlConnection } from '@mikro-orm/postgresql';
import { Effect, Exit, Scope } from 'effect';
import type { EntityConnection } from '../../../src/db/connection/entity-connection.ts';
import { type Database, databaseOn } from '../../../src/db/database.ts';
import { openConnection } from '../../../src/db/opening/open-connection.ts';
import type { Fence } from '../../../src/runtime/fence.ts';
import { furnish } from '../../harness/embedded-template.ts';
import { copyIn } from './copy-in.ts';

/** A database as the service opens it, and the two ways around the service that its steps are compared with. */
export interface BenchStore {
  readonly db: Database;
  readonly connection: EntityConnection;
  readonly fences: readonly Fence[];
  /** Runs a `COPY <target> FROM` with rows in COPY's text format. */
  readonly copy: (target: string, rows: Buffer) => Promise<void>;
  /** Throws every message away, and has what is left over from them written, so that nobody later pays for it. */
  readonly clear: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const copyOn = (connection: EntityConnection): BenchStore['copy'] => {
  return (target, rows) =>
    connection.entities(async (em) => {
      const driver = em.getDriver().getConnection();
      if (driver instanceof PgliteConnection) {
        const pglite = await driver.getNativeClient();
        await pglite.query(`COPY ${target} FROM '/dev/blob'`, [], { blob: new Blob([rows]) });
      } else if (driver instanceof PostgreSqlConnection) {
        await copyIn(await driver.getNativeClient(), `COPY ${target} FROM STDIN`, rows);
      }
    });
};

export const openBenchStore = async (databaseUrl: string | null): Promise<BenchStore> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-bench-'));
  await furnish(dataDir);
  const scope = Effect.runSync(Scope.make());
  const opening = Effect.gen(function* () {
    const connection = yield* openConnection({ databaseUrl, dataDir });
    const db = yield* databaseOn(connection, { dataDir });
    return { connection, db, fences: yield* db.runtime.leases.claimAll('bench') };
  });
  const opened = await Effect.runPromise(Scope.provide(opening, scope));
  const { connection } = opened;
  return {
    ...opened,
    copy: copyOn(connection),
    clear: async () => {
      await connection.query((sql) => sql.run('TRUNCATE omni_events'));
      await connection.query((sql) => sql.run('CHECKPOINT'));
      globalThis.gc?.();
    },
    close: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void));
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
