import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StoreRig } from '../../contract/store-driver.ts';
import { pgliteDriver } from '../../db/pglite-driver.ts';
import { NodeRig } from '../node-rig.ts';

const driver = pgliteDriver();
let store: StoreRig;
let rig: NodeRig;

beforeAll(async () => {
  store = await StoreRig.open(driver);
  rig = new NodeRig(store);
});
afterAll(async () => {
  await rig?.stop();
  await store?.close();
  await driver.dispose();
});

it('leaves a command that only a newer build knows where it is, uncounted, and what follows it waits', async () => {
  const id = await store.instance();
  await rig.start();
  await rig.submit(id, { type: 'connect' });
  await store.rows(
    `INSERT INTO commands (id, instance_id, seq, command, accepted_at)
     SELECT $2, id, next_seq, '{"type": "dance"}', now() FROM omni_instances WHERE id = $1`,
    [id, randomUUID()],
  );
  await store.rows('UPDATE omni_instances SET next_seq = next_seq + 1 WHERE id = $1', [id]);
  await rig.submit(id, { type: 'disconnect' });
  await rig.wait(120_000);
  const { items } = await Effect.runPromise(store.db.commands.deadLetters({ limit: 10, cursor: null }));
  expect(items).toEqual([]);
  expect(await store.rows('SELECT attempts FROM commands WHERE instance_id = $1 AND seq = 2', [id])).toEqual([
    { attempts: 0 },
  ]);
  expect(rig.state(id)).toBe('online');

  // As a newer build would run it.
  await store.rows(`UPDATE commands SET command = '{"type": "connect"}' WHERE instance_id = $1 AND seq = 2`, [id]);
  await rig.wait(20_000);
  expect(rig.state(id)).toBe('stopped');
});
