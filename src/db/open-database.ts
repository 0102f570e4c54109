import { Effect, type Scope } from 'effect';
import type { StoreUnavailable } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { CommandStore, RuntimeStore } from '../runtime/store.ts';
import type { SyncStore, SyncTransaction } from '../sync/store.ts';
import { commandStore } from './command-store.ts';
import type { DataDirHeld } from './data-dir-held.ts';
import { lockDataDir } from './data-dir-lock.ts';
import type { DatabaseRefused } from './database-refused.ts';
import { openConnection } from './open-connection.ts';
import { persevere } from './query-failure.ts';
import { runtimeStore } from './runtime-store.ts';
import { syncStore } from './sync-store.ts';

export interface DatabaseOptions {
  /** PostgreSQL 15 or later; null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly logger?: Log;
}

export interface Database {
  readonly runtime: RuntimeStore<SyncTransaction>;
  readonly commands: CommandStore;
  readonly sync: SyncStore;
  readonly ping: Effect.Effect<void, StoreUnavailable>;
  readonly kind: 'pglite' | 'postgres';
  /** True when a lock proves that no other process works with this database. */
  readonly exclusive: boolean;
}

/** Locks DATA_DIR, connects, migrates; everything is undone when the scope closes. */
export const openDatabase = (
  options: DatabaseOptions,
): Effect.Effect<Database, DatabaseRefused | DataDirHeld | StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const exclusive = options.databaseUrl === null;
    if (exclusive) yield* lockDataDir(options.dataDir);
    const connection = yield* openConnection(options);
    return {
      runtime: runtimeStore(connection),
      commands: commandStore(connection),
      sync: syncStore(connection),
      ping: persevere(async () => void (await connection.query((sql) => sql.rows('SELECT 1')))),
      kind: connection.kind,
      exclusive,
    };
  });
