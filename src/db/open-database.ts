import { Effect, type Scope } from 'effect';
import type { StoreUnavailable } from '../domain/errors.ts';
import type { DataDirHeld } from './data-dir-held.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { type Database, databaseOn, type StoreOptions } from './database.ts';
import type { DatabaseRefused } from './database-refused.ts';
import { openConnection } from './open-connection.ts';

export interface DatabaseOptions extends StoreOptions {
  /** PostgreSQL 15 or later; null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
}

/** Locks DATA_DIR if the database lives there, connects, migrates; everything is undone when the scope closes. */
export const openDatabase = (
  options: DatabaseOptions,
): Effect.Effect<Database, DatabaseRefused | DataDirHeld | StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    if (options.databaseUrl === null) yield* lockDataDir(options.dataDir);
    const connection = yield* openConnection(options);
    return yield* databaseOn(connection, options);
  });
