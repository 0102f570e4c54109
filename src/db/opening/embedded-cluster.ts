import { existsSync, renameSync, rmSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import type { Log } from '../../domain/log.ts';

/**
 * Makes the files of the embedded database on the first start. PGlite writes a thousand of them, and takes a folder
 * for a whole database as soon as PG_VERSION is there, which is not the last: a start that was killed in between
 * would leave a folder that never opens again. So the folder gets its name only when it is complete.
 */
export const makeCluster = async (directory: string, log: Log): Promise<void> => {
  if (existsSync(directory)) return;
  log.info({ directory }, 'Creating the embedded database, which takes some seconds…');
  const draft = `${directory}.draft`;
  rmSync(draft, { recursive: true, force: true });
  const pglite = await PGlite.create(draft);
  await pglite.close();
  renameSync(draft, directory);
};
