import { afterAll, beforeAll, describe } from 'vitest';
import { aliasStoreContract } from '../contract/store-aliases.ts';
import { catalogueContract } from '../contract/store-catalogue.ts';
import { catchUpContract } from '../contract/store-catch-ups.ts';
import { changeStoreContract } from '../contract/store-changes.ts';
import { commandStoreContract } from '../contract/store-commands.ts';
import { contactStoreContract } from '../contract/store-contacts.ts';
import { correctionContract } from '../contract/store-corrections.ts';
import { groupStoreContract } from '../contract/store-groups.ts';
import { leaseContract } from '../contract/store-leases.ts';
import { personSearchContract } from '../contract/store-person-search.ts';
import { personContract } from '../contract/store-persons.ts';
import { registryContract } from '../contract/store-registry.ts';
import { runtimeStoreContract } from '../contract/store-runtime.ts';
import { schedulesContract } from '../contract/store-schedules.ts';
import { sessionStoreContract } from '../contract/store-sessions.ts';
import { settingsContract } from '../contract/store-settings.ts';
import { syncStoreContract } from '../contract/store-sync.ts';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { postgresDriver } from './postgres-driver.ts';

describe('a PostgreSQL server', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  runtimeStoreContract(postgresDriver(() => server));
  commandStoreContract(postgresDriver(() => server));
  leaseContract(postgresDriver(() => server));
  syncStoreContract(postgresDriver(() => server));
  changeStoreContract(postgresDriver(() => server));
  personContract(postgresDriver(() => server));
  personSearchContract(postgresDriver(() => server));
  correctionContract(postgresDriver(() => server));
  groupStoreContract(postgresDriver(() => server));
  contactStoreContract(postgresDriver(() => server));
  catalogueContract(postgresDriver(() => server));
  registryContract(postgresDriver(() => server));
  sessionStoreContract(postgresDriver(() => server));
  aliasStoreContract(postgresDriver(() => server));
  settingsContract(postgresDriver(() => server));
  schedulesContract(postgresDriver(() => server));
  catchUpContract(postgresDriver(() => server));
});
