import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Effect } from 'effect';
import { openConnection } from '../../src/db/opening/open-connection.ts';

/** Where the template of this run lies; the processes of a run inherit it. */
const VARIABLE = 'TEST_EMBEDDED_TEMPLATE';

/**
 * Makes an empty embedded database once for the whole run, so that not every test waits seconds for a cluster of its
 * own. Returns how to remove it.
 */
export const makeTemplate = async (): Promise<() => Promise<void>> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-template-'));
  await Effect.runPromise(Effect.scoped(Effect.asVoid(openConnection({ databaseUrl: null, dataDir }))));
  process.env[VARIABLE] = join(dataDir, 'pglite');
  return () => rm(dataDir, { recursive: true, force: true });
};

/** Puts an empty database into a directory that a test made; without a template a first start makes it. */
export const furnish = async (dataDir: string): Promise<void> => {
  const template = process.env[VARIABLE];
  if (template === undefined) return;
  await mkdir(dataDir, { recursive: true });
  await cp(template, join(dataDir, 'pglite'), { recursive: true });
};
