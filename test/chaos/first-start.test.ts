import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { launchService, type ServiceOptions } from '../harness/service.ts';

/** Nobody answers there; no instance asks. */
const NOWHERE = 'http://127.0.0.1:9/api';

let dataDir: string;
let options: ServiceOptions;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'omni-first-start-'));
  options = { dataDir, discordApiUrl: NOWHERE };
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

/**
 * Resolves as soon as a first start has made a file or folder. It looks: a watcher of a tree that grows misses some.
 */
const made = (path: string): Promise<true> =>
  vi.waitUntil(() => existsSync(join(dataDir, path)), { timeout: 120_000, interval: 2 });

const killAtFirstStart = async (path: string): Promise<void> => {
  const { child, listening } = launchService(options);
  listening.catch(() => {});
  await made(path);
  await child.end('SIGKILL');
};

const startsNow = async (): Promise<void> => {
  const { child, listening } = launchService(options);
  try {
    const { api } = await listening;
    expect(await api.call('GET', '/instances')).toMatchObject({ items: [] });
  } finally {
    await child.end('SIGTERM');
  }
};

test('a first start that is killed again and again leaves nothing behind that keeps the next one from starting', {
  timeout: 480_000,
}, async () => {
  for (const path of ['pglite.draft/PG_VERSION', 'pglite', 'secret.key']) {
    await killAtFirstStart(path);
  }
  await startsNow();
});

test('a half-made database of a killed first start is made anew', { timeout: 360_000 }, async () => {
  // What PGlite itself takes for a whole database, and cannot open.
  await mkdir(join(dataDir, 'pglite.draft'));
  await writeFile(join(dataDir, 'pglite.draft', 'PG_VERSION'), '18\n');
  await startsNow();
  expect(existsSync(join(dataDir, 'pglite.draft'))).toBe(false);
});
