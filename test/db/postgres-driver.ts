import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreDriver } from '../contract/store-driver.ts';
import type { PostgresServer } from '../servers/postgres.ts';

/** A database of its own on a PostgreSQL server that outlives the suite. */
export const postgresDriver = (server: () => PostgresServer): StoreDriver => {
  let dataDir: string | null = null;
  return {
    name: 'PostgreSQL',
    prepare: async () => {
      dataDir = mkdtempSync(join(tmpdir(), 'omni-keys-'));
      return { databaseUrl: await server().freshDatabase(), dataDir };
    },
    dispose: async () => {
      if (dataDir !== null) rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
