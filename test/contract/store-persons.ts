import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedContact } from '../../src/domain/contact.ts';
import { IdentityId, type InstanceId, PersonId } from '../../src/domain/ids.ts';
import type { PageRequest } from '../../src/domain/page.ts';
import { readAll } from './read-all.ts';
import { contact, failureOf, listedGroup, listedMember, message, type StoreDriver, StoreRig } from './store-driver.ts';

const NOW = Date.UTC(2026, 5, 1);
const WHOLE = { limit: 100, cursor: null };
const NOBODY = PersonId.make('00000000-0000-4000-8000-000000000000');
const run = Effect.runPromise;

/** Persons: found, shown, and put right by hand. */
export const personContract = (driver: StoreDriver): void => {
  describe(`persons on ${driver.name}`, () => {
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
    const person = (id: PersonId) => run(rig.db.people.person(id));
    const links = async (id: PersonId) => (await run(rig.db.people.links(id, WHOLE))).items;
    let numbers = 0;
    const phone = () => `+4917${String(1_000_000_000 + numbers++)}`;

    describe('a search', () => {
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

    it('are listed in the order in which they were met, each once', async () => {
      const all = await readAll((page: PageRequest) => run(rig.db.people.persons({}, page)), 3);
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      const times = all.map(({ createdAt }) => createdAt);
      expect(times).toEqual([...times].sort());
    });

    it('are shown with all their accounts and groups', async () => {
      const number = phone();
      const [one, other] = [await rig.instance(), await rig.instance()];
      const account = `${one}-a`;
      await meet(one, [contact(account, { phone: number, names: { pushed: 'Pushed' } })]);
      const identity = (await meet(other, [contact('b', { phone: number, names: { saved: 'Saved' } })])).get('b');
      await rig.step(one, async (tx) => {
        await tx.storeGroups(one, [listedGroup('g'), listedGroup('left')], NOW);
        for (const group of ['g', 'left'])
          await tx.storeMembers(one, group, [listedMember(account, { role: 'admin' })], NOW);
        await tx.markGroupsLeft(one, ['left'], NOW);
      });
      const shown = await person(identity?.personId ?? NOBODY);
      expect(shown).toMatchObject({ name: 'Saved', givenName: null, phone: number, madeBy: 'sync' });
      expect(shown.identities.map(({ externalId }) => externalId).sort()).toEqual([account, 'b'].sort());
      expect(shown.groups).toMatchObject([{ externalId: 'g', role: 'admin', instanceId: one }]);
      expect(await failureOf(rig.db.people.person(NOBODY))).toMatchObject({ status: 404, code: 'person_not_found' });
    });

    it('have a timeline over all channels, newest first, with their direct conversations', async () => {
      const number = phone();
      const [one, other] = [await rig.instance(), await rig.instance()];
      const [jid, lid, user] = [`${one}-jid`, `${one}-lid`, `${other}-user`];
      const identity = (await meet(one, [contact(jid, { phone: number, aliases: [lid as never] })])).get(jid);
      await meet(other, [contact(user, { phone: number })]);
      const write = async (
        id: InstanceId,
        room: Parameters<typeof rig.conversation>[1],
        all: ReturnType<typeof message>[],
      ) => {
        const conversationId = await rig.conversation(id, room);
        await rig.step(id, (tx) => tx.upsertMessages(id, conversationId, 'sync', all, NOW));
      };
      const by = (senderId: string, name: string, timestamp: number, isFromMe = false) =>
        message(name, { senderId, timestamp, isFromMe });
      await write(one, { kind: 'direct', externalId: jid as never }, [
        by('me', 'mine', 1_000, true),
        by(jid, 'theirs', 2_000),
      ]);
      await write(one, { kind: 'group' }, [by(lid, 'by alias', 3_000), by('somebody', 'not theirs', 3_500)]);
      await write(other, { kind: 'channel' }, [
        by(user, 'elsewhere', 2_500),
        by('me', 'not theirs either', 4_000, true),
      ]);
      const read = (page: PageRequest) => run(rig.db.people.timeline(identity?.personId ?? NOBODY, page));
      for (const limit of [1, 3, 50]) {
        const found = await readAll(read, limit);
        expect(found.map(({ externalId }) => externalId)).toEqual(['by alias', 'elsewhere', 'theirs', 'mine']);
      }
    });

    describe('by hand', () => {
      it('are given names and phones that nobody has', async () => {
        const number = phone();
        const first = await run(rig.db.people.create({ name: 'First', phone: number }, NOW));
        expect(first).toMatchObject({
          name: 'First',
          givenName: 'First',
          phone: number,
          madeBy: 'api',
          identities: [],
        });
        const taken = { status: 409, code: 'phone_taken', details: { personId: first.id } };
        expect(await failureOf(rig.db.people.create({ name: 'Other', phone: number }, NOW))).toMatchObject(taken);
        const other = await run(rig.db.people.create({ name: 'Other', phone: null }, NOW));
        expect(await failureOf(rig.db.people.update(other.id, { phone: number }, NOW))).toMatchObject(taken);
        expect(await run(rig.db.people.update(first.id, { phone: null }, NOW))).toMatchObject({ phone: null });
        expect(await run(rig.db.people.update(other.id, { phone: number }, NOW))).toMatchObject({ phone: number });
        expect(await failureOf(rig.db.people.update(NOBODY, { name: 'x' }, NOW))).toMatchObject({ status: 404 });
      });

      it('are merged: everything moves, the history says why, and the old id leads to who it became', async () => {
        const [one, other] = [await stranger({ phone: phone() }), await stranger({ phone: phone() })];
        const named = await run(rig.db.people.create({ name: 'Named', phone: null }, NOW));
        const kept = await run(rig.db.people.merge(named.id, [one.personId, other.personId], 'the same voice', NOW));
        expect(kept).toMatchObject({ id: named.id, name: 'Named', phone: one.phone });
        expect(kept.identities).toHaveLength(2);
        for (const gone of [one.personId, other.personId]) expect((await person(gone)).id).toBe(named.id);
        const history = await links(named.id);
        expect(history.filter(({ by, why }) => by === 'api' && why === 'the same voice')).toHaveLength(4);
        const elsewhere = await rig.instance();
        const met = await meet(elsewhere, [contact('x', { phone: other.phone }), contact('y', { phone: one.phone })]);
        expect(new Set([...met.values()].map(({ personId }) => personId))).toEqual(new Set([named.id]));
      });

      it('keep the name they are shown with when somebody with a better one becomes them', async () => {
        const id = await rig.instance();
        const met = await meet(id, [
          contact('ada', { names: { saved: null, verified: null, pushed: 'Ada' } }),
          contact('ben', { names: { saved: 'Benjamin', verified: null, pushed: null } }),
        ]);
        const [ada, ben] = ['ada', 'ben'].map((one) => met.get(one)?.personId ?? NOBODY) as [PersonId, PersonId];
        expect(await run(rig.db.people.merge(ada, [ben], 'x', NOW))).toMatchObject({ id: ada, name: 'Ada' });
      });

      it('are not merged with themselves or with nobody', async () => {
        const { personId } = await stranger();
        const other = await stranger();
        const refused = (into: PersonId, from: PersonId) => failureOf(rig.db.people.merge(into, [from], 'x', NOW));
        expect(await refused(personId, personId)).toMatchObject({ status: 409, code: 'same_person' });
        expect(await refused(personId, NOBODY)).toMatchObject({ status: 404, details: { field: 'from' } });
        expect(await refused(NOBODY, personId)).toMatchObject({ status: 404, details: { field: 'into' } });
        await run(rig.db.people.merge(personId, [other.personId], 'x', NOW));
        expect(await refused(personId, other.personId)).toMatchObject({ status: 409, code: 'same_person' });
      });

      it('are merged at the same time in opposite directions and end as one', async () => {
        const [one, other] = [await stranger(), await stranger()];
        const both = [
          rig.db.people.merge(one.personId, [other.personId], 'x', NOW),
          rig.db.people.merge(other.personId, [one.personId], 'y', NOW),
        ];
        const outcomes = await Promise.all(both.map((merge) => run(Effect.exit(merge))));
        expect(outcomes.filter(({ _tag }) => _tag === 'Success')).toHaveLength(1);
        expect((await person(one.personId)).id).toBe((await person(other.personId)).id);
      });

      it('get an account linked, which no sync undoes, and given back what was merged away with it', async () => {
        const [one, other] = [await stranger({ phone: phone() }), await stranger({ phone: phone() })];
        const linked = await run(rig.db.people.link(one.id, other.personId, 'her second number', NOW + 1));
        expect(linked.id).toBe(other.personId);
        expect(linked.identities.map(({ pinned, externalId }) => [externalId, pinned]).sort()).toEqual(
          [
            [one.externalId, true],
            [other.externalId, false],
          ].sort(),
        );
        const [latest] = await links(other.personId);
        expect(latest).toMatchObject({
          fromPersonId: one.personId,
          toPersonId: other.personId,
          why: 'her second number',
        });
        await meet(one.instanceId, [contact(one.externalId, { phone: one.phone, names: { pushed: 'again' } })]);
        expect((await person(other.personId)).identities).toHaveLength(2);

        const own = await run(rig.db.people.unlink(one.id, 'it was not', NOW + 2));
        expect(own).toMatchObject({ id: one.personId, phone: one.phone });
        expect(own.identities.map(({ externalId }) => externalId)).toEqual([one.externalId]);
        expect((await person(other.personId)).identities).toHaveLength(1);
        const again = await meet(await rig.instance(), [contact('z', { phone: one.phone })], NOW + 3);
        expect(again.get('z')?.personId).toBe(one.personId);
        expect((await links(one.personId)).map(({ why }) => why)).toEqual([
          'its phone was known',
          'it was not',
          'her second number',
          'her second number',
          'it was new',
        ]);
      });

      it('lose an account to a new person, with the phone that only it has', async () => {
        const number = phone();
        const first = await stranger({ phone: number });
        const second = await stranger({ phone: phone() });
        await run(rig.db.people.merge(first.personId, [second.personId], 'x', NOW));
        const own = await run(rig.db.people.unlink(first.id, 'not this one', NOW));
        expect(own.id).not.toBe(first.personId);
        expect(own.phone).toBe(number);
        expect((await person(first.personId)).identities.map(({ id }) => id)).toEqual([second.id]);
        const met = await meet(await rig.instance(), [contact('q', { phone: number })]);
        expect(met.get('q')?.personId).toBe(own.id);
      });

      it('keep their only account, and are not linked to what is not there', async () => {
        const identity = await stranger();
        const unknown = IdentityId.make(NOBODY);
        expect(await failureOf(rig.db.people.unlink(identity.id, 'x', NOW))).toMatchObject({
          status: 409,
          code: 'only_identity',
        });
        expect(await failureOf(rig.db.people.unlink(unknown, 'x', NOW))).toMatchObject({
          status: 404,
          code: 'identity_not_found',
        });
        expect(await failureOf(rig.db.people.link(unknown, identity.personId, 'x', NOW))).toMatchObject({
          code: 'identity_not_found',
        });
        expect(await failureOf(rig.db.people.link(identity.id, NOBODY, 'x', NOW))).toMatchObject({
          code: 'person_not_found',
        });
        const again = await run(rig.db.people.link(identity.id, identity.personId, 'x', NOW));
        expect(again.identities).toMatchObject([{ pinned: true }]);
      });
    });

    it('go with the last instance that knew them, unless somebody made or named them', async () => {
      const [gone, stays] = [await rig.instance(), await rig.instance()];
      const [shared, named] = [phone(), phone()];
      const met = await meet(gone, [
        contact('only-here', { phone: phone() }),
        contact('shared', { phone: shared }),
        contact('named', { phone: named }),
        contact('merged'),
      ]);
      await meet(stays, [contact('same', { phone: shared })]);
      const idOf = (externalId: string) => met.get(externalId)?.personId ?? NOBODY;
      await run(rig.db.people.update(idOf('named'), { name: 'Named by hand' }, NOW));
      await run(rig.db.people.merge(idOf('only-here'), [idOf('merged')], 'x', NOW));
      await rig.step(gone, async (tx) => {
        await tx.storeGroups(gone, [listedGroup('g')], NOW);
        await tx.storeMembers(gone, 'g', [listedMember('shared')], NOW);
      });
      await run(rig.db.registry.remove(gone));
      expect((await person(idOf('shared'))).identities.map(({ instanceId }) => instanceId)).toEqual([stays]);
      await run(rig.db.removalsSettled);
      for (const table of ['platform_identities', 'omni_groups', 'identity_aliases', 'identity_links']) {
        expect(await rig.rows(`SELECT 1 FROM ${table} WHERE instance_id = $1`, [gone]), table).toEqual([]);
      }
      expect(await rig.rows('SELECT 1 FROM group_members WHERE contact_external_id = $1', ['shared'])).toEqual([]);
      for (const one of ['only-here', 'merged']) {
        expect(await failureOf(rig.db.people.person(idOf(one))), one).toMatchObject({ status: 404 });
      }
      expect((await person(idOf('named'))).name).toBe('Named by hand');
      expect(await person(idOf('shared'))).toMatchObject({ phone: shared });
    });
  });
};
