import { Effect } from 'effect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InstanceId } from '../../../src/domain/ids.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';
import { commandAll, createInstances } from '../../bench/runtime/instances.ts';
import { StoreRig } from '../../contract/store-driver.ts';
import { pgliteDriver } from '../../db/pglite-driver.ts';
import { NodeRig } from '../node-rig.ts';

const driver = pgliteDriver();

describe('the sweeper of a node', () => {
  let store: StoreRig;
  let rig: NodeRig;

  beforeAll(async () => {
    store = await StoreRig.open(driver);
  });
  afterEach(() => rig?.stop());
  afterAll(async () => {
    await store?.close();
    await driver.dispose();
  });

  const start = (): Promise<void> => {
    rig = new NodeRig(store);
    return rig.start();
  };
  const begin = async (): Promise<InstanceId> => {
    const id = await store.instance();
    await start();
    return id;
  };

  it('puts an instance down that is removed elsewhere, though nobody told it', async () => {
    const id = await begin();
    await rig.submit(id, { type: 'connect' });
    expect(rig.platform.isConnected).toBe(true);
    await rig.wait(6_000);
    // Marked, and nobody removes its rows yet.
    await store.rows('UPDATE omni_instances SET removing_at = now() WHERE id = $1', [id]);
    await rig.wait(6_000);
    expect(rig.process(id)).toBeNull();
    expect(rig.platform.isConnected).toBe(false);
    const [row] = await store.rows<{ is: boolean }>(
      'SELECT let_go_at IS NOT NULL AS is FROM omni_instances WHERE id = $1',
      [id],
    );
    expect(row?.is).toBe(true);
    await Effect.runPromise(store.db.removalsSettled);
  });

  it('puts an instance down whose row is gone', async () => {
    const id = await begin();
    await rig.submit(id, { type: 'connect' });
    await Effect.runPromise(Effect.andThen(store.db.registry.remove(id), store.db.removalsSettled));
    await rig.wait(61_000);
    expect(rig.process(id)).toBeNull();
    expect(rig.platform.isConnected).toBe(false);
  });

  it('finds a letter behind more letters of parked instances than it looks at in one go', async () => {
    const parked = await createInstances(store.connection, 500);
    await commandAll(store.connection, { type: 'disconnect' });
    await store.rows(
      `INSERT INTO actor_snapshots (instance_id, actor_id, machine, version, value, context)
       SELECT id, 'instance', 'instance', 99, '"stopped"', '{}' FROM unnest($1::uuid[]) AS parked (id)`,
      [parked],
    );
    // The last one in every order.
    const id = InstanceId.make('ffffffff-ffff-4fff-bfff-ffffffffffff');
    await store.rows(`INSERT INTO omni_instances (id, name, channel, partition) VALUES ($1, 'last', 'discord', $2)`, [
      id,
      partitionOf(id),
    ]);
    await start();
    expect(rig.process(parked[0] as InstanceId)?.parked).not.toBeNull();
    await rig.accept(id, { type: 'connect' });
    await rig.wait(25_000);
    expect((await Effect.runPromise(store.db.runtime.load(id)))?.lastSeq).toBe(1);
  });
});
