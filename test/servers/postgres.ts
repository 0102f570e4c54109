import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { MikroORM, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { freePort } from './free-port.ts';
import { postgresBinaries } from './postgres-binaries.ts';

/** A real PostgreSQL server: one of our own, or the one that DATABASE_URL names. */
export interface PostgresServer {
  readonly url: string;
  /** Creates an empty database and returns its address. */
  freshDatabase(): Promise<string>;
  /** Runs statements on the server's first database, for what a test does behind the service's back. */
  admin(statement: string, databaseUrl?: string): Promise<readonly Record<string, unknown>[]>;
  /** Kills the server as a power cut would, or stops it (`fast`); `start` brings it back with its data. */
  halt(how: 'crash' | 'fast'): Promise<void>;
  start(): Promise<void>;
  /** Drops what was created and frees everything. */
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root: as root, the server runs as the user that Debian's package brought. */
const serverUser = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // The next name may exist.
    }
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody" to run it as');
};

/** Resolves when the server says that it takes connections; rejects with what it said if it ends before. */
const ready = (server: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    const said: string[] = [];
    if (server.stderr === null) throw new Error('The output of PostgreSQL is not readable');
    createInterface(server.stderr).on('line', (line) => {
      said.push(line);
      if (line.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL ended while starting:\n${said.join('\n')}`)));
    server.once('error', reject);
  });

const run = async (url: string, statement: string): Promise<readonly Record<string, unknown>[]> => {
  const orm = await MikroORM.init({
    driver: PostgreSqlDriver,
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
  });
  try {
    return await orm.em.getConnection().execute(statement);
  } finally {
    await orm.close();
  }
};

const databasesOf = (url: string) => {
  const created: string[] = [];
  return {
    fresh: async (): Promise<string> => {
      const name = `omni_test_${randomBytes(6).toString('hex')}`;
      await run(url, `CREATE DATABASE ${name}`);
      created.push(name);
      const address = new URL(url);
      address.pathname = `/${name}`;
      return address.href;
    },
    drop: async (): Promise<void> => {
      for (const name of created) await run(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
};

/** A server that somebody else started, and stops. */
export const borrowed = (url: string): PostgresServer => {
  const databases = databasesOf(url);
  const ours = () => Promise.reject(new Error('The server of DATABASE_URL is not ours to stop'));
  return {
    url,
    freshDatabase: databases.fresh,
    admin: (statement, databaseUrl) => run(databaseUrl ?? url, statement),
    halt: ours,
    start: ours,
    stop: databases.drop,
  };
};

/** Server settings: its speed is that of the memory, since what it holds is thrown away. */
const SETTINGS = ['fsync=off', 'full_page_writes=off', 'max_connections=100', 'shared_buffers=128MB'];

/**
 * Starts a server that the test may crash: always one of our own, whatever DATABASE_URL says. `isApart`: Ctrl-C in
 * the terminal does not reach it.
 */
export const startOwnPostgres = async (isApart = false): Promise<PostgresServer> => {
  const binaries = postgresBinaries();
  const user = serverUser();
  const folder = mkdtempSync(join(tmpdir(), 'omni-postgres-'));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const port = await freePort();
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const data = join(folder, 'data');
  const asUser = { ...user, cwd: folder };
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...asUser, stdio: 'pipe' },
  );
  let server: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    const options = [...SETTINGS, `port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
    server = spawn(join(binaries, 'postgres'), ['-D', data, ...options.flatMap((option) => ['-c', option])], {
      ...asUser,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: isApart,
    });
    await ready(server);
  };
  const halt = async (how: 'crash' | 'fast'): Promise<void> => {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    // SIGQUIT ends every session at once and writes nothing more: recovery starts from the log.
    server.kill(how === 'crash' ? 'SIGQUIT' : 'SIGINT');
    await ended;
    server = null;
  };

  await start();
  // For a test run that is ended before it can clean up.
  const endWithUs = (): void => void server?.kill('SIGKILL');
  process.once('exit', endWithUs);
  return {
    url,
    freshDatabase: databasesOf(url).fresh,
    admin: (statement, databaseUrl) => run(databaseUrl ?? url, statement),
    halt,
    start,
    stop: async () => {
      await halt('fast');
      process.off('exit', endWithUs);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Starts a server for the tests of a file, or uses that of DATABASE_URL. Never skips: it works, or throws. */
export const startPostgres = async (): Promise<PostgresServer> => {
  const given = process.env['DATABASE_URL'];
  return given === undefined || given === '' ? startOwnPostgres() : borrowed(given);
};
