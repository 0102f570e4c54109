import { afterAll, expect, it } from 'vitest';
import { type StoreDriver, StoreRig } from '../contract/store-driver.ts';
import { pgliteDriver } from './pglite-driver.ts';

const driver = pgliteDriver();
let rig: StoreRig;
afterAll(async () => {
  await rig.close();
  await driver.dispose();
});

it('an upgrade forgets what was noted as the newest message of a direct conversation, and nothing of channels', async () => {
  const location = await driver.prepare();
  const again: StoreDriver = { ...driver, prepare: async () => location };
  rig = await StoreRig.open(again);
  const id = await rig.instance();
  const newest = { at: 5_000, id: 'm5' };
  const direct = await rig.conversation(id, { kind: 'direct', newest });
  const channel = await rig.conversation(id, { kind: 'channel', newest });
  await rig.rows(`DELETE FROM mikro_orm_migrations WHERE name = '0008-direct-newest' RETURNING name`);
  await rig.close();

  rig = await StoreRig.open(again);
  const rows = await rig.rows<{ id: string; known: boolean; newest: string | null }>(
    'SELECT id, newest_known AS known, newest_external_id AS newest FROM conversations WHERE instance_id = $1',
    [id],
  );
  expect(new Map(rows.map((row) => [row.id, [row.known, row.newest]]))).toEqual(
    new Map<string, unknown>([
      [direct, [false, null]],
      [channel, [true, 'm5']],
    ]),
  );
});
