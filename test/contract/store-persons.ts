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

/** Persons: shown, and put right by hand. */
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
    const person = (id: PersonId) => run(rig.db.people.person(id));
    const links = async (id: PersonId) => (await run(rig.db.people.links(id, WHOLE))).items;
    let numbers = 0;
    const phone = () => `+4917${String(1_000_000_000 + numbers++)}`;

    it('are listed in the order in which they were met, each once', async () => {
      for (const met of [5, 3, 4])
        await meet(await rig.instance(), [contact(`${met}-a`), contact(`${met}-b`)], NOW - met);
      const all = await readAll((page: PageRequest) => run(rig.db.people.persons({}, page)), 3);
      expect(all).toHaveLength(6);
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

    it('have both sides of their direct conversations in the timeline, whatever id the platform gives these', async () => {
      const id = await rig.instance();
      const [user, other] = [`${id}-user`, `${id}-other`];
      const met = await meet(id, [contact(user), contact(other)]);
      const write = async (
        externalId: string,
        kind: 'direct' | 'channel',
        all: readonly (readonly [string, string])[],
      ) => {
        const conversationId = await rig.conversation(id, { kind, externalId: externalId as never });
        const messages = all.map(([senderId, name], n) =>
          message(name, { senderId, timestamp: 1_000 + n, isFromMe: senderId === 'bot' }),
        );
        await rig.step(id, (tx) => tx.upsertMessages(id, conversationId, 'sync', messages, NOW));
      };
      const said = [
        ['bot', 'good morning'],
        [user, 'hello'],
        ['bot', 'what may it be?'],
      ] as const;
      await write(`${id}-dm`, 'direct', said);
      await write(`${id}-dm-of-other`, 'direct', [
        [other, 'not theirs'],
        ['bot', 'nor this'],
      ]);
      await write(`${id}-channel`, 'channel', [['bot', 'to all']]);
      const found = await readAll((page) => run(rig.db.people.timeline(met.get(user)?.personId ?? NOBODY, page)), 2);
      expect(found.map(({ externalId }) => externalId)).toEqual(said.map(([, name]) => name).toReversed());
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
