import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChannelName } from '../../src/domain/channel-name.ts';
import type { InstanceId, PersonId } from '../../src/domain/ids.ts';
import type { IdentityView } from '../../src/domain/person-view.ts';
import { contact, failureOf, type StoreDriver, StoreRig } from './store-driver.ts';

const NOW = Date.UTC(2026, 5, 1);
const WHOLE = { limit: 100, cursor: null };
const run = Effect.runPromise;

/** What people put right about persons, and right again when that was wrong. */
export const correctionContract = (driver: StoreDriver): void => {
  describe(`persons put right on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    let numbers = 0;
    const phone = () => `+4917${String(3_000_000_000 + numbers++)}`;
    /** A contact of an instance, which may be a new one. */
    const met = async (
      changes: Parameters<typeof contact>[1] = {},
      {
        channel = 'whatsapp',
        account = randomUUID(),
        on,
      }: { channel?: ChannelName; account?: string; on?: InstanceId } = {},
    ): Promise<IdentityView> => {
      const id = on ?? (await rig.instance());
      await rig.step(id, (tx) => tx.storeContacts(id, channel, [contact(account, changes)], NOW));
      const { items } = await run(rig.db.people.contacts(id, {}, WHOLE));
      const identity = items.find(({ externalId }) => externalId === account);
      if (identity === undefined) throw new Error('The contact was not stored');
      return identity;
    };
    const person = (id: PersonId) => run(rig.db.people.person(id));
    const find = async (search: string) => (await run(rig.db.people.persons({ search }, WHOLE))).items;
    const merge = (into: PersonId, from: PersonId) => run(rig.db.people.merge(into, [from], 'a mistake', NOW + 1));
    const link = (to: PersonId, { id }: IdentityView) => run(rig.db.people.link(id, to, 'a guess', NOW + 1));
    const unlink = ({ id }: IdentityView) => run(rig.db.people.unlink(id, 'it was not', NOW + 2));
    const made = (name: string, number: string | null = null) =>
      run(rig.db.people.create({ name, phone: number }, NOW));

    describe('the phone of an account', () => {
      it('goes back with it when it was merged into somebody without a phone', async () => {
        const number = phone();
        const anna = await met({ names: { pushed: 'Anna' } }, { channel: 'discord' });
        const berta = await met({ names: { saved: 'Berta' }, phone: number });
        expect(await merge(anna.personId, berta.personId)).toMatchObject({ name: 'Anna', phone: number });
        expect(await unlink(berta)).toMatchObject({ id: berta.personId, name: 'Berta', phone: number });
        expect(await person(anna.personId)).toMatchObject({ name: 'Anna', phone: null });
        expect((await met({ phone: number })).personId).toBe(berta.personId);
        expect((await find(number)).map(({ id }) => id)).toEqual([berta.personId]);
      });

      it('goes on with it from a person made by hand to the right one', async () => {
        const number = phone();
        const account = await met({ phone: number, names: { saved: 'Carl' } });
        const [wrong, right] = [await made('Wrong'), await made('Right')];
        expect(await link(wrong.id, account)).toMatchObject({ phone: number });
        expect(await link(right.id, account)).toMatchObject({ id: right.id, phone: number });
        expect(await person(wrong.id)).toMatchObject({ phone: null, identities: [] });
        expect((await met({ phone: number })).personId).toBe(right.id);
      });

      it('that was learned after it had been linked goes on with it too', async () => {
        const number = phone();
        const account = await met();
        const [wrong, right] = [await made('Wrong'), await made('Right')];
        await link(wrong.id, account);
        await met({ phone: number }, { account: account.externalId, on: account.instanceId });
        expect(await person(wrong.id)).toMatchObject({ phone: number });
        expect(await link(right.id, account)).toMatchObject({ phone: number });
        expect(await person(wrong.id)).toMatchObject({ phone: null });
      });

      it('stays where another account has it, and where somebody said that it is', async () => {
        const [shared, said] = [phone(), phone()];
        const one = await met({ phone: shared });
        const other = await met({ phone: shared });
        const elsewhere = await made('Somebody');
        await link(elsewhere.id, one);
        expect((await person(other.personId)).phone).toBe(shared);
        const given = await made('Given', said);
        const account = await met({ phone: said });
        expect(account.personId).toBe(given.id);
        expect(await link(elsewhere.id, account)).toMatchObject({ phone: null });
        expect(await person(given.id)).toMatchObject({ phone: said });
      });

      it('and its person survive a chain of unions in one step', async () => {
        const [one, other] = [phone(), phone()];
        const id = await rig.instance();
        const [lidC, lidA, jid] = [randomUUID(), randomUUID(), randomUUID()];
        const c = await met({}, { account: lidC, on: id });
        const a = await met({}, { account: lidA, on: id });
        await met({ phone: one }, { account: jid, on: id });
        await run(rig.db.people.update(c.personId, { name: 'C', phone: other }, NOW));
        await run(rig.db.people.update(a.personId, { name: 'A' }, NOW));
        await rig.rows(`UPDATE persons SET created_at = created_at - interval '1 day' WHERE id = $1`, [c.personId]);
        const alias = (lid: string) => ({ alias: lid as never, externalId: jid as never, phone: one });
        await rig.step(id, (tx) => tx.learnAliases(id, 'whatsapp', [alias(lidA), alias(lidC)], NOW));
        expect(await person(c.personId)).toMatchObject({ id: c.personId, phone: other });
        for (const number of [one, other]) expect((await met({ phone: number })).personId).toBe(c.personId);
      });
    });

    describe('the accounts of somebody who was merged', () => {
      it('come back together, one by one, by their phone', async () => {
        const number = phone();
        const a = await met({ phone: phone() });
        const [one, other] = [await met({ phone: number }), await met({ phone: number })];
        await merge(a.personId, one.personId);
        for (const account of [one, other]) expect(await unlink(account)).toMatchObject({ id: one.personId });
        expect(await person(one.personId)).toMatchObject({ phone: number });
        expect((await person(one.personId)).identities).toHaveLength(2);
      });

      it('come back together, one by one, where they are one account of two instances', async () => {
        const a = await met({}, { channel: 'discord' });
        const account = randomUUID();
        const one = await met({}, { channel: 'discord', account });
        const other = await met({}, { channel: 'discord', account });
        await merge(a.personId, one.personId);
        for (const identity of [one, other]) expect(await unlink(identity)).toMatchObject({ id: one.personId });
      });

      it('come back together where nothing but the merge had to do with both, and had been merged before', async () => {
        const [second, third] = [phone(), phone()];
        const a = await met({ phone: phone() });
        const b = await made('Somebody');
        const accounts = [await met(), await met({ phone: second }), await met({ phone: third })];
        for (const account of accounts) await link(b.id, account);
        await merge(a.personId, b.id);
        for (const account of accounts) expect(await unlink(account)).toMatchObject({ id: b.id });
        expect((await person(b.id)).identities).toHaveLength(3);
        for (const number of [second, third]) expect((await met({ phone: number })).personId).toBe(b.id);
      });

      it('find the person of their phone, if it still is somebody', async () => {
        const number = phone();
        const [one, other] = [await met({ phone: number }), await met({ phone: number })];
        const elsewhere = await made('Somebody');
        await link(elsewhere.id, one);
        expect(await unlink(one)).toMatchObject({ id: other.personId });
      });

      it('do not go back to whom they were taken from by hand', async () => {
        const [first, second] = [await made('First'), await made('Second')];
        const [account, sibling] = [await met(), await met()];
        for (const one of [account, sibling]) await link(first.id, one);
        await link(second.id, account);
        await link(first.id, account);
        const own = await unlink(account);
        expect([first.id, second.id]).not.toContain(own.id);
      });

      it('take the given name along that the survivor had of them', async () => {
        const a = await met({ handle: 'a_handle' }, { channel: 'discord' });
        const b = await met({ names: { saved: 'B' }, phone: phone() });
        await run(rig.db.people.update(b.personId, { name: 'Given Bernd' }, NOW));
        expect(await merge(a.personId, b.personId)).toMatchObject({ givenName: 'Given Bernd', madeBy: 'sync' });
        expect(await unlink(b)).toMatchObject({ id: b.personId, givenName: 'Given Bernd' });
        expect(await person(a.personId)).toMatchObject({ name: 'a_handle', givenName: null });
      });

      it('leave the survivor without a name when somebody says that it has none', async () => {
        const a = await met({ handle: 'handle_of_a' }, { channel: 'discord' });
        const b = await made('Given');
        await merge(a.personId, b.id);
        expect(await run(rig.db.people.update(a.personId, { name: null }, NOW))).toMatchObject({ name: 'handle_of_a' });
      });
    });

    describe('a phone that was given by hand', () => {
      it('leaves the former one with the person as long as an account has it', async () => {
        const [former, given] = [phone(), phone()];
        const account = await met({ phone: former, names: { saved: 'Dora' } });
        await run(rig.db.people.update(account.personId, { phone: given }, NOW));
        expect(await met({ phone: former })).toMatchObject({ personId: account.personId });
        expect(await person(account.personId)).toMatchObject({ phone: given });
        expect(await failureOf(rig.db.people.create({ name: 'x', phone: former }, NOW))).toMatchObject({
          code: 'phone_taken',
          details: { personId: account.personId },
        });
        const back = await run(rig.db.people.update(account.personId, { phone: former }, NOW));
        expect(back).toMatchObject({ phone: former });
        expect(await made('Free again', given)).toMatchObject({ phone: given });
      });

      it('may be none, and no sync gives the person another', async () => {
        const former = phone();
        const account = await met({ phone: former });
        expect(await run(rig.db.people.update(account.personId, { phone: null }, NOW))).toMatchObject({ phone: null });
        expect((await met({ phone: former })).personId).toBe(account.personId);
        await met({ phone: phone() }, { account: account.externalId, on: account.instanceId });
        expect(await person(account.personId)).toMatchObject({ phone: null });
      });

      it('finds the person, and keeps it when its accounts go', async () => {
        const number = phone();
        const account = await met({ names: { pushed: 'Disco' } }, { channel: 'discord' });
        await run(rig.db.people.update(account.personId, { phone: number }, NOW));
        expect((await find(number)).map(({ id }) => id)).toEqual([account.personId]);
        await run(rig.db.registry.remove(account.instanceId));
        await run(rig.db.removalsSettled);
        expect(await person(account.personId)).toMatchObject({ phone: number, identities: [] });
      });
    });

    it('keep what somebody gave to one who was merged when their accounts go', async () => {
      const account = await met();
      const given = await made('Given by hand', phone());
      await merge(account.personId, given.id);
      await run(rig.db.registry.remove(account.instanceId));
      await run(rig.db.removalsSettled);
      expect(await person(account.personId)).toMatchObject({ name: 'Given by hand', phone: given.phone });
    });
  });
};
