import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Effect, Exit, Scope } from 'effect';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { EntityConnection } from '../../src/db/connection/entity-connection.ts';
import { type Database, databaseOn } from '../../src/db/database.ts';
import { openConnection } from '../../src/db/opening/open-connection.ts';
import type { InstanceId } from '../../src/domain/ids.ts';
import type { Log } from '../../src/domain/log.ts';
import { silentMetrics } from '../../src/domain/metrics.ts';
import { inProcessMessaging } from '../../src/runtime/messaging/messaging.ts';
import { type Node, startNode } from '../../src/runtime/node/node.ts';
import type { SyncTransaction } from '../../src/sync/store.ts';
import { syncWork } from '../../src/sync/sync-work.ts';
import { commandAll, createInstances } from '../bench/runtime/instances.ts';
import { instantChannel } from '../bench/runtime/instant-channel.ts';
import { eventually } from '../harness/eventually.ts';
import { borrowed } from '../servers/postgres.ts';

const INSTANCES = 300;
const POOL = 3;
/** A second more than opening a session may take. */
const HELD_S = 6;
/** What the node itself does now and then finds no session meanwhile. That is made up for, and no instance notices. */
const ROUND_FAILED = 'A round of background work failed; the next one follows.';

describe('many instances on few sessions', () => {
  const server = borrowed(inject('postgresUrl'));
  let dataDir: string;
  let scope: Scope.Closeable;
  let connection: EntityConnection;
  let db: Database;
  let node: Node<SyncTransaction>;
  const opened = new Map<InstanceId, number>();
  const said: string[] = [];

  const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Scope.provide(effect, scope));

  const startOne = () => {
    const say = (_fields: unknown, message: string) => void said.push(message);
    const log: Log = { debug: () => {}, info: () => {}, warn: say, error: say };
    const messaging = inProcessMessaging();
    return startNode({
      nodeId: randomUUID(),
      isAlone: true,
      restoresAtOnce: 2 * POOL,
      renewed: () => {},
      store: db.runtime,
      work: syncWork(db.sync, () => null),
      channelOf: () => instantChannel((id) => void opened.set(id, (opened.get(id) ?? 0) + 1)),
      credentials: () => Effect.succeed({ token: 'token' }),
      vault: db.vault,
      limits: () => ({ messages: 600, contacts: 600, unit: 'request', atOnce: null }),
      chance: { random: Math.random, uuid: randomUUID },
      mailbox: messaging.mailbox,
      carrier: messaging.carrier,
      metrics: silentMetrics,
      log,
    });
  };

  const online = () => node.processes().filter(({ live }) => live?.actors.supervisor.value === 'online');

  const limited = (messages: number) =>
    node.processes().filter(({ live }) => live?.actors.limiter.context.limits.messages === messages);

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'omni-crowd-'));
    scope = Scope.makeUnsafe();
    connection = await run(
      openConnection({ databaseUrl: await server.freshDatabase(), dataDir, databasePoolSize: POOL }),
    );
    db = await run(databaseOn(connection, { dataDir }));
    await createInstances(connection, INSTANCES);
    await commandAll(connection, { type: 'connect' });
    node = await run(startOne());
    await eventually('all of them are online', 60_000, async () => online().length === INSTANCES);
  });
  afterEach(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void));
    await rm(dataDir, { recursive: true, force: true });
    await server.stop();
  });

  it('wait for one as long as it takes: no step fails, and nobody logs in again', async () => {
    const held = Array.from({ length: POOL }, () =>
      connection.maintenance((sql) => sql.rows('SELECT pg_sleep($1)', [HELD_S])),
    );
    const limits = { messages: 300, contacts: 600, unit: 'request', atOnce: null } as const;
    node.tellAll(() => [{ to: 'rate-limit', event: { type: 'limitsChanged', limits } }]);
    await Promise.all(held);
    await eventually(
      'all of them know their limits',
      60_000,
      async () => limited(limits.messages).length === INSTANCES,
    );
    expect(said.filter((line) => line !== ROUND_FAILED)).toEqual([]);
    expect([...opened.values()].filter((times) => times !== 1)).toEqual([]);
    expect(opened.size).toBe(INSTANCES);
  });
});
