import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Effect, Exit, Scope } from 'effect';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirRefused } from '../../../src/db/opening/data-dir.ts';
import { DataDirHeld } from '../../../src/db/opening/data-dir-held.ts';
import { lockDataDir } from '../../../src/db/opening/data-dir-lock.ts';
import { openConnection } from '../../../src/db/opening/open-connection.ts';
import { failureOf } from '../../contract/store-driver.ts';

const HOLDER = fileURLToPath(new URL('../hold-database.ts', import.meta.url));

describe('a data directory', () => {
  let dataDir: string;
  let holder: ChildProcess | null = null;

  const kill = async (): Promise<void> => {
    if (holder === null || holder.exitCode !== null || holder.signalCode !== null) return;
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
  };
  /** Starts a process that holds the directory; its lines come from the returned reader. */
  const hold = async (): Promise<Interface> => {
    holder = spawn(process.execPath, [HOLDER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (holder.stdout === null) throw new Error('The output of the holder is not readable');
    const lines = createInterface(holder.stdout);
    const [line] = await once(lines, 'line');
    expect(line).toBe('ready');
    return lines;
  };
  const lock = () => Effect.scoped(lockDataDir(dataDir));

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'omni-lock-'));
  });
  afterEach(async () => {
    await kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('is refused to a second process, which is told who holds it, and free once that one was killed', async () => {
    await hold();
    const refused = await failureOf(lock());
    expect(refused).toBeInstanceOf(DataDirHeld);
    if (!(refused instanceof DataDirHeld)) throw refused;
    expect(refused.holder).toMatchObject({ pid: holder?.pid, host: hostname() });
    expect(refused.message).toContain(`process ${holder?.pid} on ${hostname()}`);
    await kill();
    await Effect.runPromise(lock());
  });

  it('is the same directory under another name', async () => {
    const alias = `${dataDir}-alias`;
    symlinkSync(dataDir, alias);
    const scope = Effect.runSync(Scope.make());
    await Effect.runPromise(Scope.provide(lockDataDir(dataDir), scope));
    expect(await failureOf(Effect.scoped(lockDataDir(alias)))).toBeInstanceOf(DataDirHeld);
    await Effect.runPromise(Scope.close(scope, Exit.void));
    await Effect.runPromise(Effect.scoped(lockDataDir(alias)));
    rmSync(alias);
  });

  it('is made with the folders above it', async () => {
    const deep = join(dataDir, 'a', 'b');
    await Effect.runPromise(Effect.scoped(lockDataDir(deep)));
    expect(existsSync(deep)).toBe(true);
  });

  it('is refused by name when it is a file, below a file, or where nothing can be made', async () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below'), '/proc/nope']) {
      const refused = await failureOf(Effect.scoped(lockDataDir(path)));
      expect(refused).toBeInstanceOf(DataDirRefused);
      expect(refused.message).toContain(`DATA_DIR ${path} cannot be created: `);
    }
  });

  it('holds every row that was committed before its process was killed', async () => {
    const lines = await hold();
    const committed: string[] = [];
    const enough = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        committed.push(line);
        if (committed.length === 200) resolve();
      });
    });
    const closed = once(lines, 'close');
    await enough;
    await kill();
    await closed;
    const rows = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          yield* lockDataDir(dataDir);
          const connection = yield* openConnection({ databaseUrl: null, dataDir });
          return yield* Effect.promise(() =>
            connection.query((sql) => sql.rows<{ id: string }>('SELECT command_id AS id FROM dead_letters')),
          );
        }),
      ),
    );
    const held = new Set(rows.map(({ id }) => id));
    expect(committed.filter((id) => !held.has(id))).toEqual([]);
  });
});
