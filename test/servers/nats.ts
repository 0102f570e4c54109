import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.ts';
import { natsBinary } from './nats-binary.ts';

/** A real nats-server with JetStream: one of our own, or the one that NATS_URL names. */
export interface NatsServer {
  readonly url: string;
  /** Null: it is not ours. */
  readonly port: number | null;
  /** Kills the server as a power cut would, or stops it (`clean`); `start` brings it back with its data. */
  halt(how: 'crash' | 'clean'): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  /** As SIGKILL would, at once. */
  kill(): Promise<void>;
  /** Frees everything. */
  stop(): Promise<void>;
}

/** Resolves when the server says that it is ready; rejects with what it said if it ends before. */
const ready = (server: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    const said: string[] = [];
    if (server.stderr === null) throw new Error('The output of nats-server is not readable');
    createInterface(server.stderr).on('line', (line) => {
      said.push(line);
      if (said.length > 100) said.shift();
      if (line.includes('Server is ready')) resolve();
    });
    server.once('exit', () => reject(new Error(`nats-server ended while starting:\n${said.join('\n')}`)));
    server.once('error', reject);
  });

const borrowed = (url: string): NatsServer => {
  const ours = () => Promise.reject(new Error('The server of NATS_URL is not ours to stop'));
  return { url, port: null, halt: ours, start: ours, restart: ours, kill: ours, stop: async () => {} };
};

export interface NatsServerOptions {
  /** More of nats-server's own arguments, such as `--user`. */
  readonly args?: readonly string[];
  readonly jetStream?: boolean;
  /** A free one unless it is named. */
  readonly port?: number;
  /** Ctrl-C in the terminal does not reach it. */
  readonly isApart?: boolean;
}

/** Starts a server that the test may crash: always one of our own, whatever NATS_URL says. */
export const startOwnNats = async (options: NatsServerOptions = {}): Promise<NatsServer> => {
  const { args = [], jetStream = true, isApart = false } = options;
  const binary = natsBinary();
  const folder = mkdtempSync(join(tmpdir(), 'omni-nats-'));
  const port = options.port ?? (await freePort());
  const storage = jetStream ? ['-js', '-sd', folder] : [];
  let server: ChildProcess | null = null;

  const start = async (): Promise<void> => {
    server = spawn(binary, ['-a', '127.0.0.1', '-p', String(port), ...storage, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: isApart,
    });
    await ready(server);
  };
  const halt = async (how: 'crash' | 'clean'): Promise<void> => {
    if (server === null || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(how === 'crash' ? 'SIGKILL' : 'SIGTERM');
    await ended;
    server = null;
  };

  await start();
  // For a test run that is ended before it can clean up.
  const endWithUs = (): void => void server?.kill('SIGKILL');
  process.once('exit', endWithUs);
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    halt,
    start,
    restart: async () => {
      await halt('clean');
      await start();
    },
    kill: () => halt('crash'),
    stop: async () => {
      await halt('clean');
      process.off('exit', endWithUs);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Starts a server for the tests of a file, or uses that of NATS_URL. Never skips: it works, or throws. */
export const startNats = async (): Promise<NatsServer> => {
  const given = process.env['NATS_URL'];
  return given === undefined || given === '' ? startOwnNats() : borrowed(given);
};
