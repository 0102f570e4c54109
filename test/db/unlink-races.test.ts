import { Effect } from 'effect';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { unlinkByHand } from '../../src/db/people/link-by-hand.ts';
import { lockPersons } from '../../src/db/people/person-locks.ts';
import type { InstanceId } from '../../src/domain/ids.ts';
import { contact, StoreRig } from '../contract/store-driver.ts';
import { eventually } from '../harness/eventually.ts';
import { borrowed } from '../servers/postgres.ts';
import { postgresDriver } from './postgres-driver.ts';

const run = Effect.runPromise;
const NOW = Date.UTC(2026, 5, 1);
const PHONE = '+4917150000001';
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

const meet = async (id: InstanceId, account: string, phone: string | null) => {
  await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', [contact(account, { phone })], NOW));
  const { items } = await run(rig.db.people.contacts(id, {}, { limit: 1, cursor: null }));
  if (items[0] === undefined) throw new Error('The contact was not stored');
  return items[0];
};

const LOCK_WAITED_FOR = `
  SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%persons%'`;

it('a sync that waits for an unlinking links the phone to the person that came back with it', async () => {
  const [one, other, third] = [await rig.instance(), await rig.instance(), await rig.instance()];
  const a = await meet(one, 'a', null);
  const b = await meet(other, 'b', PHONE);
  await run(rig.db.people.merge(a.personId, [b.personId], 'a mistake', NOW));
  const { promise: waits, resolve: goOn } = Promise.withResolvers<void>();
  const { promise: holds, resolve: held } = Promise.withResolvers<void>();
  const unlinking = rig.connection.changes(async (_em, sql) => {
    await lockPersons(sql, [a.personId]);
    held();
    await waits;
    return unlinkByHand(sql, b.id, 'it was', NOW);
  });
  await holds;
  // It has read where the signpost leads to, and wants that person.
  const syncing = meet(third, 'c', PHONE);
  await eventually('the sync waits', 10_000, async () => (await rig.rows(LOCK_WAITED_FOR)).length > 0);
  goOn();
  expect(await unlinking).toBe(b.personId);
  expect((await syncing).personId).toBe(b.personId);
});
