import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The oldest PostgreSQL that the service works with. */
const OLDEST = 15;

const USUAL_PLACES = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/usr/local/opt/postgresql@*/bin',
  '/usr/local/pgsql/bin',
];

const INSTALLER = fileURLToPath(new URL('../../.ci/install-servers', import.meta.url));

const versionIn = (folder: string): number | null => {
  try {
    accessSync(join(folder, 'initdb'), constants.X_OK);
    const said = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
    return Number(/\d+/.exec(said)?.[0] ?? 0);
  } catch {
    return null;
  }
};

/** The folder of the newest server programs that are new enough, or null. */
const find = (): string | null => {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...globSync(USUAL_PLACES)];
  const found = folders.map((folder) => ({ folder, version: versionIn(folder) ?? 0 }));
  const best = found.filter(({ version }) => version >= OLDEST).sort((a, b) => b.version - a.version)[0];
  return best?.folder ?? null;
};

/**
 * Finds PostgreSQL's programs, installing them where that is possible. Throws, and says what to do, where it is not.
 */
export const postgresBinaries = (): string => {
  const present = find();
  if (present !== null) return present;
  const installed = spawnSync('bash', [INSTALLER], { encoding: 'utf8' });
  const folder = find();
  if (folder !== null) return folder;
  throw new Error(
    `These tests need PostgreSQL ${OLDEST} or later. Run "sudo bash .ci/install-servers", ` +
      `or set DATABASE_URL to a server in which they may create databases.\n${installed.stderr.slice(-2_000)}`,
  );
};
