import { afterAll, beforeAll, describe } from 'vitest';
import { leaseContract } from '../contract/store-leases.ts';
import { runtimeStoreContract } from '../contract/store-runtime.ts';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { postgresDriver } from './postgres-driver.ts';

describe('a PostgreSQL server', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  runtimeStoreContract(postgresDriver(() => server));
  leaseContract(postgresDriver(() => server));
});
