import { Effect, type Scope } from 'effect';
import type { StoreUnavailable } from '../domain/errors.ts';
import { type Log, silentLog } from '../domain/log.ts';
import type { CommandStore, RuntimeStore } from '../runtime/store.ts';
import type { Catalogue, InstanceRegistry, Retention, SettingsStore } from '../sync/catalogue.ts';
import type { SyncStore, SyncTransaction } from '../sync/store.ts';
import { conversationCatalogue } from './catalogue/conversations.ts';
import { eventCatalogue } from './catalogue/events.ts';
import { instanceCatalogue } from './catalogue/instances.ts';
import { jobCatalogue } from './catalogue/jobs.ts';
import { commandStore } from './command-store.ts';
import type { DataDirHeld } from './data-dir-held.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { DatabaseRefused } from './database-refused.ts';
import { instanceRegistry } from './instance-registry.ts';
import { openConnection } from './open-connection.ts';
import { persevere } from './query-failure.ts';
import { openRemovals } from './removals.ts';
import { retentionStore } from './retention-store.ts';
import { runtimeStore } from './runtime-store.ts';
import { openSearchIndex } from './search-index.ts';
import { openKeyRing, type SecretOptions } from './secrets/key-ring.ts';
import { settingsStore } from './settings-store.ts';
import { syncStore } from './sync-store.ts';

export interface DatabaseOptions extends SecretOptions {
  /** PostgreSQL 15 or later; null: the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly logger?: Log;
}

export interface Database {
  readonly runtime: RuntimeStore<SyncTransaction>;
  readonly commands: CommandStore;
  readonly sync: SyncStore;
  readonly catalogue: Catalogue;
  readonly registry: InstanceRegistry;
  readonly settings: SettingsStore;
  readonly retention: Retention;
  /** Resolves when nothing is left of the instances that were removed. */
  readonly removalsSettled: Effect.Effect<void, StoreUnavailable>;
  /** Builds or drops the trigram index over message text. Where it cannot be built, the log says why. */
  readonly setSearchIndex: (on: boolean) => Effect.Effect<void, StoreUnavailable>;
  readonly ping: Effect.Effect<void, StoreUnavailable>;
  readonly kind: 'pglite' | 'postgres';
  /** True when a lock proves that no other process works with this database. */
  readonly exclusive: boolean;
}

const isDatabaseRefused = (error: unknown): error is DatabaseRefused => error instanceof DatabaseRefused;

/** Locks DATA_DIR, connects, migrates, checks the secret key; everything is undone when the scope closes. */
export const openDatabase = (
  options: DatabaseOptions,
): Effect.Effect<Database, DatabaseRefused | DataDirHeld | StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const exclusive = options.databaseUrl === null;
    if (exclusive) yield* lockDataDir(options.dataDir);
    const log = options.logger ?? silentLog;
    const connection = yield* openConnection(options);
    const key = yield* persevere(() => openKeyRing(connection, options), isDatabaseRefused);
    const searchIndex = yield* openSearchIndex(connection, log);
    const removals = yield* openRemovals(connection, log);
    return {
      runtime: runtimeStore(connection),
      commands: commandStore(connection),
      sync: syncStore(connection),
      catalogue: {
        ...instanceCatalogue(connection),
        ...jobCatalogue(connection),
        ...conversationCatalogue(connection),
        ...eventCatalogue(connection, searchIndex),
      },
      registry: instanceRegistry(connection, key, removals),
      settings: settingsStore(connection, log),
      retention: retentionStore(connection),
      removalsSettled: removals.settled,
      setSearchIndex: searchIndex.set,
      ping: persevere(async () => void (await connection.query((sql) => sql.rows('SELECT 1')))),
      kind: connection.kind,
      exclusive,
    };
  });
