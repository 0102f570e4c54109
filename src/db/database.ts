import { Effect, type Scope } from 'effect';
import type { SessionVault } from '../channels/session-vault.ts';
import type { StoreUnavailable } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import { type Log, silentLog } from '../domain/log.ts';
import type { Fence } from '../runtime/fence.ts';
import type { BacklogStore } from '../runtime/store/backlog-store.ts';
import type { CommandStore } from '../runtime/store/command-store.ts';
import type { RuntimeStore } from '../runtime/store/runtime-store.ts';
import type { Catalogue } from '../sync/catalogue.ts';
import type { InstanceRegistry } from '../sync/instance-registry.ts';
import type { People } from '../sync/people/people.ts';
import type { ScheduleStore } from '../sync/schedules/schedules.ts';
import type { Retention } from '../sync/settings/retention.ts';
import type { SettingsStore } from '../sync/settings/settings.ts';
import type { SyncStore, SyncTransaction } from '../sync/store.ts';
import { conversationCatalogue } from './catalogue/conversations.ts';
import { coverageCatalogue } from './catalogue/coverage.ts';
import { eventCatalogue } from './catalogue/events.ts';
import { instanceCatalogue } from './catalogue/instances.ts';
import { jobCatalogue } from './catalogue/jobs.ts';
import { contactCatalogue } from './catalogue/people/contacts.ts';
import { groupCatalogue } from './catalogue/people/groups.ts';
import { personCatalogue } from './catalogue/people/persons.ts';
import { commandStore } from './commands/command-store.ts';
import type { EntityConnection } from './connection/entity-connection.ts';
import { persevere } from './connection/query-failure.ts';
import { DatabaseRefused } from './database-refused.ts';
import { syncStore } from './history/sync-store.ts';
import { instanceRegistry } from './instances/instance-registry.ts';
import { openRemovals } from './instances/removals.ts';
import { sessionVault } from './instances/session-vault.ts';
import { personRegistry } from './people/person-registry.ts';
import { retentionStore } from './retention-store.ts';
import { scheduleStore } from './schedules/schedule-store.ts';
import { openPersonIndex } from './search/person-index.ts';
import { openSearchIndex } from './search/search-index.ts';
import { openKeyRing, type SecretOptions } from './secrets/key-ring.ts';
import { settingsStore } from './settings/settings-store.ts';
import { backlogStore } from './steps/backlog-store.ts';
import { leaseStore } from './steps/lease-store.ts';
import { runtimeStore } from './steps/runtime-store.ts';

export interface StoreOptions extends SecretOptions {
  readonly logger?: Log;
}

export interface Database {
  readonly runtime: RuntimeStore<SyncTransaction>;
  readonly commands: CommandStore;
  readonly sync: SyncStore;
  readonly catalogue: Catalogue;
  readonly people: People;
  readonly registry: InstanceRegistry;
  readonly settings: SettingsStore;
  readonly schedules: ScheduleStore;
  /** The session secrets of an instance, written behind the fence of whoever owns it. */
  readonly vault: (id: InstanceId, fence: Fence) => SessionVault;
  readonly retention: Retention;
  /** Resolves when nothing is left of the instances that were removed. */
  readonly removalsSettled: Effect.Effect<void, StoreUnavailable>;
  /** Builds or drops the trigram index over message text. Where it cannot be built, the log says why. */
  readonly setSearchIndex: (on: boolean) => Effect.Effect<void, StoreUnavailable>;
  readonly backlog: BacklogStore;
  readonly ping: Effect.Effect<void, StoreUnavailable>;
  /** The same for every node on this database, and different for every database. */
  readonly identity: Effect.Effect<string, StoreUnavailable>;
  readonly kind: 'pglite' | 'postgres';
  /** True when a lock proves that no other process works with this database. */
  readonly exclusive: boolean;
}

const isDatabaseRefused = (error: unknown): error is DatabaseRefused => error instanceof DatabaseRefused;

/** The stores on a connection whose schema is up to date, once the secret key has proved to be the right one. */
export const databaseOn = (
  connection: EntityConnection,
  options: StoreOptions,
): Effect.Effect<Database, DatabaseRefused | StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const log = options.logger ?? silentLog;
    const key = yield* persevere(() => openKeyRing(connection, options), isDatabaseRefused);
    const searchIndex = yield* openSearchIndex(connection, log);
    const canCompareNames = yield* openPersonIndex(connection, log);
    const removals = yield* openRemovals(connection, log);
    return {
      runtime: {
        ...runtimeStore(connection.forInstances, connection),
        leases: leaseStore(connection, connection.apart),
      },
      commands: commandStore(connection),
      sync: syncStore(connection.forInstances, key),
      catalogue: {
        ...instanceCatalogue(connection),
        ...jobCatalogue(connection),
        ...conversationCatalogue(connection),
        ...coverageCatalogue(connection),
        ...eventCatalogue(connection, searchIndex),
      },
      people: {
        ...personCatalogue(connection, canCompareNames),
        ...contactCatalogue(connection),
        ...groupCatalogue(connection),
        ...personRegistry(connection),
      },
      registry: instanceRegistry(connection, key, removals),
      settings: settingsStore(connection, log),
      schedules: scheduleStore(connection),
      vault: (id, fence) => sessionVault(connection.forInstances, key, id, fence),
      retention: retentionStore(connection),
      removalsSettled: removals.settled,
      setSearchIndex: searchIndex.set,
      backlog: backlogStore(connection),
      ping: persevere(async () => void (await connection.query((sql) => sql.rows('SELECT 1')))),
      identity: persevere(() =>
        connection.query(async (sql) => {
          const [row] = await sql.rows<{ id: string }>('SELECT id FROM database_identity');
          if (row === undefined) throw new Error('The table database_identity is empty.');
          return row.id;
        }),
      ),
      kind: connection.kind,
      exclusive: connection.kind === 'pglite',
    };
  });
