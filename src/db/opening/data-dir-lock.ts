import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Effect, Schema, type Scope } from 'effect';
import { DataDirRefused, makeDataDir } from './data-dir.ts';
import { DataDirHeld, DataDirHolder } from './data-dir-held.ts';

const LOCK_FILE = 'in-use.sock';
const ANSWER_MS = 1_000;

const decodeHolder = Schema.decodeUnknownSync(Schema.fromJsonString(DataDirHolder));

/**
 * On Linux an abstract socket, whose name the kernel frees at the very death of its process and gives to one only.
 * Elsewhere a socket file, which outlives a killed process, but then answers nobody.
 */
const addressOf = (directory: string): string =>
  process.platform === 'linux'
    ? `\0omni-history-sync-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`
    : join(directory, LOCK_FILE);

const listen = (address: string, holder: DataDirHolder): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(JSON.stringify(holder));
    });
    server.once('error', reject);
    server.listen(address, () => {
      server.unref();
      resolve(server);
    });
  });

/** Who listens there; `'nobody'` when the address is a leftover; null when somebody does not say who he is. */
const ask = (address: string): Promise<DataDirHolder | 'nobody' | null> =>
  new Promise((resolve) => {
    let answer = '';
    const socket = connect(address);
    socket.setEncoding('utf8').setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED' ? 'nobody' : null));
    socket.on('close', () => {
      try {
        resolve(decodeHolder(answer));
      } catch {
        resolve(null);
      }
    });
  });

const held = (directory: string, holder: DataDirHolder | null): DataDirHeld => {
  const who =
    holder === null
      ? 'another process'
      : `process ${holder.pid} on ${holder.host}, which has run since ${holder.startedAt}`;
  return new DataDirHeld({
    holder,
    message: `DATA_DIR ${directory} is in use by ${who}. Stop that process, or give this one another DATA_DIR.`,
  });
};

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

const take = async (directory: string): Promise<Server> => {
  const address = addressOf(directory);
  const self: DataDirHolder = { pid: process.pid, host: hostname(), startedAt: new Date().toISOString() };
  try {
    return await listen(address, self);
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
  const holder = await ask(address);
  if (holder !== 'nobody' || address.startsWith('\0')) throw held(directory, holder === 'nobody' ? null : holder);
  rmSync(address, { force: true });
  return listen(address, self);
};

const isExpected = (error: unknown): error is DataDirHeld | DataDirRefused =>
  error instanceof DataDirHeld || error instanceof DataDirRefused;

/**
 * Holds the directory until the scope closes or the process dies, however it dies. Having the lock proves that the
 * former holder is gone.
 */
export const lockDataDir = (dataDir: string): Effect.Effect<void, DataDirHeld | DataDirRefused, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => {
        makeDataDir(dataDir);
        return take(realpathSync(dataDir));
      },
      catch: (error) => error,
    }).pipe(Effect.catch((error) => (isExpected(error) ? Effect.fail(error) : Effect.die(error)))),
    (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void))),
  ).pipe(Effect.asVoid);
