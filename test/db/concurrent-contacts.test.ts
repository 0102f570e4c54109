import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ListedContact } from '../../src/domain/contact.ts';
import { Contention } from '../../src/domain/errors.ts';
import { ExternalId, type InstanceId } from '../../src/domain/ids.ts';
import type { SyncTransaction } from '../../src/sync/store.ts';
import { contact, type StoreDriver, StoreRig } from '../contract/store-driver.ts';
import { SEED } from '../machines/seed.ts';
import { borrowed } from '../servers/postgres.ts';
import { Chance } from '../simulators/discord/chance.ts';
import { pgliteDriver } from './pglite-driver.ts';
import { postgresDriver } from './postgres-driver.ts';

const PERSONS = 10_000;
const SYNCS = 20;
const PAGE = 500;

const run = Effect.runPromise;
const server = borrowed(inject('postgresUrl'));

const shuffled = <A>(items: readonly A[], chance: Chance): readonly A[] =>
  items
    .map((item) => [chance.next(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);

/**
 * One human being as different instances meet it: by its phone address, by that with its LID, by the LID alone, or by
 * the LID that turns out later to be the phone.
 */
const meetings = (n: number, chance: Chance): readonly ListedContact[] => {
  const phone = `+4915${String(1_000_000_000 + n)}`;
  const [jid, lid] = [`4915${1_000_000_000 + n}@s.whatsapp.net`, `${n}@lid`];
  const names = { pushed: `Person ${n}` };
  const known = contact(jid, { phone, names, aliases: chance.next() < 0.3 ? [ExternalId.make(lid)] : [] });
  if (chance.next() < 0.9) return [known];
  return [contact(lid, { names }), contact(jid, { phone, names, aliases: [ExternalId.make(lid)] })];
};

for (const driver of [pgliteDriver(), postgresDriver(() => server)] satisfies StoreDriver[]) {
  describe(`${SYNCS} syncs of overlapping contacts on ${driver.name} (TEST_SEED=${SEED})`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
      await server.stop();
    });

    /** As an instance does that met contention: the same step again. */
    const step = async <A>(id: InstanceId, body: (tx: SyncTransaction) => Promise<A>): Promise<A> => {
      for (let tries = 0; ; tries++) {
        try {
          return await rig.step(id, body);
        } catch (error) {
          if (!(error instanceof Contention) || tries === 50) throw error;
        }
      }
    };

    const sync = async (id: InstanceId, contacts: readonly ListedContact[]): Promise<void> => {
      for (let at = 0; at < contacts.length; at += PAGE) {
        await step(id, (tx) => tx.storeContacts(id, 'whatsapp', contacts.slice(at, at + PAGE), 1_000 + at));
      }
    };

    it('make one person of each phone, and lose no contact', { timeout: 300_000 }, async () => {
      const chance = new Chance(SEED);
      // The embedded database has one connection: there they take turns, and fewer contacts do.
      const persons = driver.name === 'PGlite' ? PERSONS / 10 : PERSONS;
      const before = await run(rig.db.people.create({ name: 'Made before', phone: '+49151000000007' }, 0));
      const instances = await Promise.all(Array.from({ length: SYNCS }, () => rig.instance()));
      const share = (persons / SYNCS) * 3;
      const lists = instances.map((_, at) => {
        const met = Array.from({ length: share }, (_unused, n) => (at * (persons / SYNCS) + n) % persons);
        return shuffled(met, chance).flatMap((n) => meetings(n, chance));
      });
      await Promise.all(instances.map((id, at) => sync(id, lists[at] ?? [])));

      const [counts] = await rig.rows<{ identities: number; phones: number; living: number; stray: number }>(`
        SELECT (SELECT count(*)::int FROM platform_identities) AS identities,
          (SELECT count(DISTINCT person_id)::int FROM platform_identities WHERE phone IS NOT NULL) AS phones,
          (SELECT count(*)::int FROM persons WHERE merged_into IS NULL) AS living,
          (SELECT count(*)::int FROM platform_identities AS held WHERE NOT EXISTS (
            SELECT 1 FROM persons WHERE id = held.person_id AND merged_into IS NULL)) AS stray`);
      expect(counts).toEqual({ identities: share * SYNCS, phones: persons, living: persons, stray: 0 });
      const doubled = await rig.rows(
        'SELECT phone FROM platform_identities GROUP BY phone HAVING count(DISTINCT person_id) > 1',
      );
      expect(doubled).toEqual([]);
      expect((await run(rig.db.people.person(before.id))).identities).toHaveLength(3);
    });
  });
}
