import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedContact } from '../../src/domain/contact.ts';
import type { InstanceId } from '../../src/domain/ids.ts';
import { readAll } from './read-all.ts';
import { contact, failureOf, listedGroup, listedMember, type StoreDriver, StoreRig } from './store-driver.ts';

const NOW = Date.UTC(2026, 5, 1);
const WHOLE = { limit: 100, cursor: null };
const run = Effect.runPromise;

/** Persons by names, handles and phones. */
export const personSearchContract = (driver: StoreDriver): void => {
  describe(`a search of persons on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    const meet = async (id: InstanceId, contacts: readonly ListedContact[], at = NOW) => {
      await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', contacts, at));
      const { items } = await run(rig.db.people.contacts(id, {}, WHOLE));
      return new Map(items.map((identity) => [identity.externalId, identity]));
    };
    /** One contact nobody else has met, under a name of its own. */
    const stranger = async (changes: Parameters<typeof contact>[1] = {}) => {
      const id = await rig.instance();
      const account = randomUUID();
      const identity = (await meet(id, [contact(account, changes)])).get(account);
      if (identity === undefined) throw new Error('The contact was not stored');
      return identity;
    };
    const find = async (search: string, limit = 50) =>
      (await readAll((page) => run(rig.db.people.persons({ search }, page)), limit)).map(({ name }) => name);
    let numbers = 0;
    const phone = () => `+4917${String(1_000_000_000 + numbers++)}`;

    it('finds the best match first, page by page, each person once', async () => {
      const id = await rig.instance();
      const names = ['Zorban', 'Zorban Smith', 'Anna Zorban', 'Anna Mazorban', 'Zorbanella', 'Zorbna'];
      await meet(
        id,
        names.map((pushed, n) => contact(`${id}-${n}`, { names: { pushed, saved: n === 0 ? 'zorban' : null } })),
      );
      const expected = ['zorban', 'Zorbanella', 'Zorban Smith', 'Anna Zorban', 'Anna Mazorban'];
      for (const limit of [2, 50]) expect(await find('ZORBAN', limit)).toEqual(expected);
    });

    it('finds what is similar where nothing contains it, the most similar first', async () => {
      const id = await rig.instance();
      await meet(
        id,
        ['Wilhelmina Kxartz', 'Willem Kxartz', 'Wihlelm Kxratz'].map((saved, n) =>
          contact(`${id}-${n}`, { names: { saved } }),
        ),
      );
      for (const limit of [1, 50]) {
        expect(await find('Wilhelmine Kxartz', limit)).toEqual(['Wilhelmina Kxartz']);
        expect((await find('Kxarzt', limit)).sort()).toEqual(['Wilhelmina Kxartz', 'Willem Kxartz']);
      }
    });

    it('finds by handle, by the beginning of a word, and by phone in any notation', async () => {
      const id = await rig.instance();
      await meet(id, [
        contact(`${id}-1`, { names: { saved: 'Xu Wei' }, handle: 'w.xu_77', phone: '+4915112340001' }),
        contact(`${id}-2`, { names: { saved: 'Maxu' }, phone: '+4915112340002' }),
      ]);
      expect(await find('w.xu_77')).toEqual(['Xu Wei']);
      expect(await find('xu')).toEqual(['Xu Wei']);
      for (const search of ['+49 (0)151 1234-0001', '0049 151 12340001', '0151 12340001', '112340001']) {
        expect(await find(search), search).toEqual(['Xu Wei']);
      }
      expect(await find('0151 1234')).toHaveLength(2);
      expect((await run(rig.db.people.contacts(id, { search: '0151/12340002' }, WHOLE))).items).toHaveLength(1);
    });

    it('finds what was pasted: a handle with its @, a phone with what nobody sees, accents as characters of their own', async () => {
      const id = await rig.instance();
      await meet(id, [
        contact(`${id}-1`, { names: { pushed: 'Jose\u0301 Ibarra' }, handle: 'jose_iba', phone: '+4915112341001' }),
        contact(`${id}-2`, { names: { saved: 'Ib\u00e1n' }, handle: 'ib.an' }),
      ]);
      await rig.step(id, async (tx) => {
        await tx.storeGroups(id, [listedGroup('pasted', { name: 'Andre\u0301s' })], NOW);
        const members = [`${id}-1`, `${id}-2`].map((one) => listedMember(one, { nick: 'Nin\u0303o' }));
        await tx.storeMembers(id, 'pasted', members, NOW);
      });
      const [group] = (await run(rig.db.people.groups(id, { search: ' andr\u00e9s ' }, WHOLE))).items;
      if (group === undefined) throw new Error('The group was not found');
      const contacts = async (search: string) =>
        (await run(rig.db.people.contacts(id, { search }, WHOLE))).items.map(({ name }) => name);
      const members = async (search: string) =>
        (await run(rig.db.people.members(id, group.id, { search }, WHOLE))).items.map(({ name }) => name);
      const searches = [
        '@jose_iba',
        ' @jose_iba ',
        'jos\u00e9 ibarra',
        'Jose\u0301 Iba',
        '\u202a+49 151 1234\u20111001\u202c',
      ];
      for (const look of [find, contacts, members]) {
        for (const search of searches)
          expect(await look(search), `${look.name} ${search}`).toEqual(['Jos\u00e9 Ibarra']);
        expect(await look('Iba\u0301n')).toEqual(['Ib\u00e1n']);
      }
      expect(await members('ni\u00f1o')).toHaveLength(2);
      expect(await find('@')).toEqual([]);
      const made = await run(rig.db.people.create({ name: 'Zoe\u0308 Quux', phone: null }, NOW));
      expect(await find('zo\u00eb quux')).toEqual([made.name]);
    });

    it('takes nothing for a wildcard, and survives whatever is asked', async () => {
      const id = await rig.instance();
      await meet(id, [contact(`${id}-1`, { names: { saved: `100% "who?" it's $1 back\\slash` } })]);
      for (const search of ['100%', 'who?', `it's`, '$1', '\\slash', '100% "']) {
        expect(await find(search), search).toEqual([`100% "who?" it's $1 back\\slash`]);
      }
      for (const search of ['%', '_', '\\', ' ', '\n', '??', '++', 'ﷺ', '𝕏'.repeat(50)]) {
        await expect(find(search), search).resolves.toBeDefined();
      }
    });

    it('finds who was made by hand, by the given name and still by those of the accounts', async () => {
      const identity = await stranger({ names: { pushed: 'Quirinus Pushed' } });
      await run(rig.db.people.update(identity.personId, { name: 'Given Quentin' }, NOW));
      expect(await find('quentin')).toEqual(['Given Quentin']);
      expect(await find('quirinus')).toEqual(['Given Quentin']);
      const number = phone();
      await run(rig.db.people.create({ name: 'Without Accounts', phone: number }, NOW));
      expect(await find(number)).toEqual(['Without Accounts']);
    });

    it('finds whom somebody became who was merged, once, by the names and phones of both', async () => {
      const [one, other] = [phone(), phone()];
      const alpha = await run(rig.db.people.create({ name: 'Egon Alphaxx', phone: one }, NOW));
      const beta = await run(rig.db.people.create({ name: 'Frieda Betaxx', phone: other }, NOW));
      const gamma = await run(rig.db.people.create({ name: 'Frieda Gammaxx Longer', phone: null }, NOW));
      await run(rig.db.people.merge(alpha.id, [beta.id], 'x', NOW));
      for (const search of [one, other, 'Egon Alphaxx', 'Frieda Betaxx', 'etax', 'Frieda Betaxy']) {
        expect(await find(search), search).toEqual(['Egon Alphaxx']);
      }
      for (const limit of [1, 50])
        expect(await find('Frieda', limit)).toEqual(['Frieda Gammaxx Longer', 'Egon Alphaxx']);
      await run(rig.db.people.merge(gamma.id, [alpha.id], 'x', NOW));
      for (const limit of [1, 50]) expect(await find('Frieda', limit)).toEqual(['Frieda Gammaxx Longer']);
    });

    it('refuses a cursor that is none', async () => {
      for (const cursor of ['x', 'e30', Buffer.from('{"phase":"contains","score":1}').toString('base64url')]) {
        for (const search of ['x', undefined]) {
          const asked = rig.db.people.persons(search === undefined ? {} : { search }, { limit: 1, cursor });
          expect(await failureOf(asked)).toMatchObject({ status: 400, code: 'invalid_cursor' });
        }
      }
    });
  });
};
