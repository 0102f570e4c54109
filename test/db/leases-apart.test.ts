import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { KNOWN_MACHINES } from '../../src/runtime/machine-versions.ts';
import { StoreRig } from '../contract/store-driver.ts';
import { borrowed } from '../servers/postgres.ts';
import { postgresDriver } from './postgres-driver.ts';

const run = Effect.runPromise;
const LONG_MS = 60_000;
/** More than the pool has places (mikro-orm.config.ts). */
const MANY = 20;

describe('the leases of a node on PostgreSQL', () => {
  const server = borrowed(inject('postgresUrl'));
  const driver = postgresDriver(() => server);
  let rig: StoreRig;

  beforeAll(async () => {
    rig = await StoreRig.open(driver);
  });
  afterAll(async () => {
    await rig?.close();
    await driver.dispose();
    await server.stop();
  });

  it('are renewed, counted and claimed while other work holds every session of the pool', async () => {
    const { leases } = rig.db.runtime;
    const { promise: free, resolve: letGo } = Promise.withResolvers<void>();
    const holders = Array.from({ length: MANY }, () => rig.connection.transaction(() => free));
    let isAnswered = false;
    const behindThem = rig.rows('SELECT 1').then(() => {
      isAnswered = true;
    });
    await run(leases.renew('patient', LONG_MS, KNOWN_MACHINES));
    expect(await run(leases.liveNodes)).toBe(1);
    expect(await run(leases.claim('patient', [], [0], KNOWN_MACHINES))).toHaveLength(1);
    expect(isAnswered).toBe(false);
    letGo();
    await Promise.all([...holders, behindThem]);
  });

  it('are renewed on a fresh session once the server has ended theirs', async () => {
    const { leases } = rig.db.runtime;
    await run(leases.renew('patient', LONG_MS, KNOWN_MACHINES));
    const ended = await rig.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'omni-history-sync leases' AND datname = current_database()`,
    );
    expect(ended).toHaveLength(1);
    await run(leases.renew('patient', LONG_MS, KNOWN_MACHINES).pipe(Effect.retry({ times: 2 })));
  });
});
