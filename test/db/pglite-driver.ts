import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreDriver } from '../contract/store-driver.ts';
import { furnish } from '../harness/embedded-template.ts';

/** The embedded database, in a directory that goes when the suite is done. */
export const pgliteDriver = (): StoreDriver => {
  let dataDir: string | null = null;
  return {
    name: 'PGlite',
    prepare: async () => {
      dataDir = mkdtempSync(join(tmpdir(), 'omni-pglite-'));
      await furnish(dataDir);
      return { databaseUrl: null, dataDir };
    },
    dispose: async () => {
      if (dataDir !== null) rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
