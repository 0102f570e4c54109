import { Effect, type Scope } from 'effect';
import type { StoreUnavailable } from '../domain/errors.ts';
import { silentLog } from '../domain/log.ts';
import { type Database, databaseOn, type StoreOptions } from './database.ts';
import type { DatabaseRefused } from './database-refused.ts';
import { awaitDatabase, type DatabaseAway } from './opening/await-database.ts';
import type { DataDirRefused } from './opening/data-dir.ts';
import type { DataDirHeld } from './opening/data-dir-held.ts';
import { lockDataDir } from './opening/data-dir-lock.ts';
import { openConnection } from './opening/open-connection.ts';

export interface DatabaseOptions extends StoreOptions {
  /** PostgreSQL 15 or later; null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  /** Sessions of PostgreSQL, at least 2. */
  readonly databasePoolSize?: number;
}

/** Why there is no database to work with. */
export type DatabaseFailure = DatabaseRefused | DatabaseAway | DataDirHeld | DataDirRefused | StoreUnavailable;

/** Locks DATA_DIR if the database lives there, connects, migrates; everything is undone when the scope closes. */
export const openDatabase = (options: DatabaseOptions): Effect.Effect<Database, DatabaseFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const { databaseUrl, dataDir, logger = silentLog } = options;
    if (databaseUrl === null) yield* lockDataDir(dataDir);
    const opening = openConnection(options);
    const connection = yield* databaseUrl === null ? opening : awaitDatabase(opening, databaseUrl, logger);
    return yield* databaseOn(connection, options);
  });
