import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Clock, Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behindFence } from '../../src/db/connection/behind-fence.ts';
import { ALL_MIGRATIONS } from '../../src/db/migrations/all-migrations.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { openConnection } from '../../src/db/opening/open-connection.ts';
import { StoreUnavailable } from '../../src/domain/errors.ts';
import { type Log, silentLog } from '../../src/domain/log.ts';
import { failureOf, type StoreDriver, StoreRig } from '../contract/store-driver.ts';
import { type PostgresServer, startOwnPostgres } from '../servers/postgres.ts';
import { startTcpProxy } from '../servers/tcp-proxy.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import { postgresDriver } from './postgres-driver.ts';

const run = Effect.runPromise;

const options = { secretKey: 'k'.repeat(32), previousSecretKeys: [] };

/** Nobody sleeps but the one who waits for the database, so that time jumps from try to try. */
const inSimulatedTime = async <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
  const clock = new SimulatedClock();
  const over = new AbortController();
  const driven = clock.autoAdvance(() => setImmediate(), over.signal);
  try {
    return await run(Effect.provideService(effect, Clock.Clock, clock));
  } finally {
    over.abort();
    await driven;
  }
};

describe('when PostgreSQL', () => {
  let server: PostgresServer;
  let driver: StoreDriver;
  let rig: StoreRig;
  let url = '';

  beforeAll(async () => {
    server = await startOwnPostgres();
    const base = postgresDriver(() => server);
    driver = {
      ...base,
      prepare: async () => {
        const prepared = await base.prepare();
        url = prepared.databaseUrl ?? '';
        return prepared;
      },
    };
    rig = await StoreRig.open(driver);
  });
  afterAll(async () => {
    await rig?.close();
    await driver?.dispose();
    await server?.stop();
  });

  /** Ends every session of the service, as an administrator or a fail-over would. */
  const endSessions = () =>
    server.admin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'omni-history-sync' AND pid <> pg_backend_pid()`,
      url,
    );

  it('ends the session of a step, the step is unavailable, and no place in the pool is lost', async () => {
    const id = await rig.instance();
    const snapshot = { machine: 'instance', version: 1, value: 'online', context: {} };
    // More often than the pool has places.
    for (let round = 0; round < 15; round += 1) {
      const step = rig.db.runtime.step(rig.fence(id), async (tx) => {
        await tx.saveActor(id, 'instance', snapshot);
        await endSessions();
        await tx.saveActor(id, 'instance', snapshot);
      });
      expect(await failureOf(step)).toBeInstanceOf(StoreUnavailable);
    }
    expect((await run(rig.db.runtime.load(id)))?.actors.size).toBe(0);
  });

  it('gives a statement up that takes too long, the step is unavailable, and says that it ran out of time', async () => {
    const id = await rig.instance();
    const step = behindFence(rig.connection, rig.fence(id), async (sql) => {
      await sql.run('SET LOCAL statement_timeout = 50');
      await sql.rows('SELECT pg_sleep(10)');
    });
    expect(await failureOf(step)).toMatchObject({ _tag: 'StoreUnavailable', ranOutOfTime: true });
  });

  it('ends a step that idles in its transaction, a takeover need not wait longer', async () => {
    const id = await rig.instance();
    const { promise: takenOver, resolve: ended } = Promise.withResolvers<void>();
    const { promise: held, resolve: holds } = Promise.withResolvers<void>();
    const frozen = failureOf(
      rig.db.runtime.step(rig.fence(id), async (tx) => {
        // Its answer comes behind that of the fence: the row is locked from here on.
        await tx.conversation(id, 'nowhere');
        holds();
        await takenOver;
        await tx.saveInstance(id, { state: 'online', account: null, error: null, wanted: true });
      }),
    );
    await held;
    const started = performance.now();
    await run(rig.db.runtime.leases.claimAll('taker'));
    expect(performance.now() - started).toBeGreaterThan(2_000);
    ended();
    expect(await frozen).toBeInstanceOf(StoreUnavailable);
  });

  it('crashes, the stores are unavailable, and work again when it is back', async () => {
    await server.halt('crash');
    expect(await failureOf(rig.db.ping)).toBeInstanceOf(StoreUnavailable);
    expect(await failureOf(rig.db.settings.all)).toBeInstanceOf(StoreUnavailable);
    await server.start();
    await run(rig.db.ping.pipe(Effect.retry({ times: 20 })));
    expect(await run(rig.db.settings.of(null))).toMatchObject({ 'sync.defaultDepth': '7d' });
  });

  it('is found empty by several nodes at once, it is migrated once', async () => {
    const databaseUrl = await server.freshDatabase();
    const open = Effect.scoped(
      openConnection({ databaseUrl, dataDir: '/tmp' }).pipe(
        Effect.flatMap((connection) =>
          Effect.promise(() =>
            connection.query((sql) => sql.rows('SELECT name FROM mikro_orm_migrations ORDER BY id')),
          ),
        ),
      ),
    );
    const seen = await run(Effect.all([open, open, open], { concurrency: 'unbounded' }));
    for (const names of seen) expect(names).toEqual(ALL_MIGRATIONS.map(({ name }) => ({ name })));
  });

  it('holds a database of a newer build, it is refused by the name of the migration', async () => {
    const databaseUrl = await server.freshDatabase();
    const open = Effect.scoped(openConnection({ databaseUrl, dataDir: '/tmp' }));
    await run(open);
    await server.admin("INSERT INTO mikro_orm_migrations (name) VALUES ('0999-from-the-future')", databaseUrl);
    expect(await failureOf(open)).toMatchObject({
      _tag: 'DatabaseRefused',
      message: expect.stringContaining('0999-from-the-future'),
    });
  });

  it('refuses the address, the message says what to check', async () => {
    const wrong = new URL(server.url);
    wrong.pathname = '/there_is_no_such_database';
    const open = Effect.scoped(openConnection({ databaseUrl: wrong.href, dataDir: '/tmp' }));
    expect(await failureOf(open)).toMatchObject({
      _tag: 'DatabaseRefused',
      message: expect.stringContaining('DATABASE_URL'),
    });
  });

  it('offers no TLS and the address asks for it, nothing is sent in clear', async () => {
    const secure = new URL(await server.freshDatabase());
    secure.searchParams.set('sslmode', 'verify-full');
    const open = Effect.scoped(openConnection({ databaseUrl: secure.href, dataDir: '/tmp' }));
    expect(await failureOf(open)).toMatchObject({ _tag: 'DatabaseRefused', message: expect.stringContaining('TLS') });
  });

  it('comes up after the service, the service waits for it and says so', async () => {
    const proxy = await startTcpProxy({ port: Number(new URL(server.url).port) });
    proxy.cut();
    const late = new URL(await server.freshDatabase());
    late.port = String(proxy.port);
    const said: string[] = [];
    const logger: Log = {
      ...silentLog,
      warn: (_fields, message) => {
        said.push(message);
        proxy.restore();
      },
    };
    const dataDir = mkdtempSync(join(tmpdir(), 'omni-late-'));
    const opening = Effect.scoped(
      Effect.flatMap(openDatabase({ ...options, databaseUrl: late.href, dataDir, logger }), ({ ping }) => ping),
    );
    try {
      await inSimulatedTime(opening);
    } finally {
      await proxy.close();
      rmSync(dataDir, { recursive: true });
    }
    expect(said).toEqual([
      expect.stringMatching(`^DATABASE_URL: PostgreSQL at 127.0.0.1:${proxy.port} does not answer`),
    ]);
  });

  it('never comes up, the service says where it was looked for, without the password', async () => {
    const databaseUrl = 'postgresql://u:hush@127.0.0.1:1/x';
    const opening = Effect.scoped(openDatabase({ ...options, databaseUrl, dataDir: '/tmp' }));
    const failure = await inSimulatedTime(Effect.flip(opening));
    expect(failure).toMatchObject({
      _tag: 'DatabaseAway',
      message: expect.stringContaining('DATABASE_URL: PostgreSQL at 127.0.0.1:1 does not answer (ECONNREFUSED)'),
    });
    expect(JSON.stringify(failure)).not.toContain('hush');
  });

  it('is not there, opening it is unavailable', async () => {
    const open = Effect.scoped(openConnection({ databaseUrl: 'postgresql://u@127.0.0.1:1/x', dataDir: '/tmp' }));
    expect(await failureOf(open)).toBeInstanceOf(StoreUnavailable);
  });
});
