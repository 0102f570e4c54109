import { Effect } from 'effect';
import { afterAll, expect, it } from 'vitest';
import { contact, type StoreDriver, StoreRig } from '../contract/store-driver.ts';
import { pgliteDriver } from './pglite-driver.ts';

const run = Effect.runPromise;
const NOW = Date.UTC(2026, 5, 1);
const [GIVEN, LEARNED] = ['+4917140000001', '+4917140000002'];

const driver = pgliteDriver();
let rig: StoreRig;
afterAll(async () => {
  await rig?.close();
  await driver.dispose();
});

it('an upgrade takes a phone of before for given by hand where no account has it, and finds persons as before', async () => {
  const location = await driver.prepare();
  const again: StoreDriver = { ...driver, prepare: async () => location };
  rig = await StoreRig.open(again);
  const given = await run(rig.db.people.create({ name: 'Given Gerda', phone: GIVEN }, NOW));
  const learned = await run(rig.db.people.create({ name: 'Learned Lena', phone: LEARNED }, NOW));
  const id = await rig.instance();
  await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', [contact('a', { phone: LEARNED })], NOW));
  await rig.rows('ALTER TABLE persons DROP COLUMN search, DROP COLUMN phone_given, ADD COLUMN search text');
  await rig.rows(`DELETE FROM mikro_orm_migrations WHERE name = '0009-signposts' RETURNING name`);
  await rig.close();

  rig = await StoreRig.open(again);
  const rows = await rig.rows<{ id: string; given: boolean }>('SELECT id, phone_given AS given FROM persons');
  expect(new Map(rows.map((row) => [row.id, row.given]))).toEqual(
    new Map<string, boolean>([
      [given.id, true],
      [learned.id, false],
    ]),
  );
  const found = await run(rig.db.people.persons({ search: 'gerda' }, { limit: 5, cursor: null }));
  expect(found.items.map((person) => person.id)).toEqual([given.id]);
});
