import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedContact } from '../../src/domain/contact.ts';
import { ExternalId, type InstanceId } from '../../src/domain/ids.ts';
import { newJobId } from '../harness/job-config.ts';
import { contact, listedGroup, listedMember, message, type StoreDriver, StoreRig } from './store-driver.ts';

const NOW = Date.UTC(2026, 5, 1);
const run = Effect.runPromise;

interface Identity {
  readonly externalId: string;
  readonly personId: string;
  readonly phone: string | null;
  readonly saved: string | null;
  readonly pushed: string | null;
  readonly removed: boolean;
  readonly linkedBy: string;
}

/** Contacts, and the persons they are linked to. */
export const contactStoreContract = (driver: StoreDriver): void => {
  describe(`contacts on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    const store = (id: InstanceId, contacts: readonly ListedContact[], at = NOW) =>
      rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', contacts, at));
    const learn = (id: InstanceId, alias: string, externalId: string, phone: string | null) =>
      rig.step(id, (tx) =>
        tx.learnAliases(
          id,
          'whatsapp',
          [{ alias: ExternalId.make(alias), externalId: ExternalId.make(externalId), phone }],
          NOW,
        ),
      );
    const held = async (id: InstanceId): Promise<ReadonlyMap<string, Identity>> => {
      const rows = await rig.rows<Identity>(
        `SELECT external_id AS "externalId", person_id AS "personId", phone, saved_name AS saved, pushed_name AS pushed,
           removed_at IS NOT NULL AS removed, first_linked_by AS "linkedBy"
         FROM platform_identities WHERE instance_id = $1`,
        [id],
      );
      return new Map(rows.map((row) => [row.externalId, row]));
    };
    const personOf = async (id: InstanceId, externalId: string) => (await held(id)).get(externalId)?.personId;
    let numbers = 0;
    const phone = () => `+4915${String(1_000_000_000 + numbers++)}`;
    let names = 0;
    const name = (kind: string) => `${kind}-${names++}`;

    describe('a page', () => {
      it('is stored once, counted as duplicates when it comes again, and only what changed is written', async () => {
        const id = await rig.instance();
        const page = Array.from({ length: 300 }, (_, n) => contact(`c${n}`, { names: { pushed: `Name ${n}` } }));
        expect(await store(id, page)).toEqual({ stored: 300, duplicates: 0, updated: 0 });
        expect(await store(id, page, NOW + 1)).toEqual({ stored: 0, duplicates: 300, updated: 0 });
        const renamed = contact('c7', { names: { pushed: 'Renamed' } });
        const counts = await store(id, [...page.slice(0, 7), renamed, contact('new')], NOW + 2);
        expect(counts).toEqual({ stored: 1, duplicates: 7, updated: 1 });
        const [touched] = await rig.rows<{ count: number }>(
          'SELECT count(*)::int AS count FROM platform_identities WHERE instance_id = $1 AND updated_at > $2',
          [id, new Date(NOW).toISOString()],
        );
        expect(touched?.count).toBe(2);
        expect(await rig.step(id, (tx) => tx.countContacts(id))).toBe(301);
      });

      it('may be empty, name a contact twice, and hold what PostgreSQL cannot', async () => {
        const id = await rig.instance();
        expect(await store(id, [])).toEqual({ stored: 0, duplicates: 0, updated: 0 });
        const twice = [
          contact('a', { names: { saved: 'first' } }),
          contact('a', { names: { saved: 'la\0st\ud800' }, metadata: { 'k\0': ['\ud800'] } }),
        ];
        expect(await store(id, twice)).toEqual({ stored: 1, duplicates: 1, updated: 0 });
        expect((await held(id)).get('a')?.saved).toBe('last\ufffd');
      });

      it('that names a contact by its alias and by its id takes what either of them tells', async () => {
        const id = await rig.instance();
        const [lid, jid, number] = [name('lid'), name('jid'), phone()];
        await learn(id, lid, jid, number);
        const listed = [
          contact(lid, { names: { pushed: 'Pushed', saved: 'Old' }, handle: 'handle' }),
          contact(jid, { phone: number, names: { saved: 'Saved' } }),
          contact(lid, { names: {} }),
        ];
        expect(await store(id, listed)).toEqual({ stored: 1, duplicates: 2, updated: 0 });
        expect((await held(id)).get(jid)).toMatchObject({ saved: 'Saved', pushed: 'Pushed', phone: number });
        expect(await store(id, listed)).toMatchObject({ updated: 0, duplicates: 3 });
      });

      it('keeps what it does not tell, and forgets what it says is none', async () => {
        const id = await rig.instance();
        await store(id, [contact('a', { names: { saved: 'Saved', pushed: 'Pushed' }, phone: phone() })]);
        expect(await store(id, [contact('a', { names: {} })])).toMatchObject({ duplicates: 1 });
        expect(await store(id, [contact('a', { names: { saved: null } })])).toMatchObject({ updated: 1 });
        expect((await held(id)).get('a')).toMatchObject({ saved: null, pushed: 'Pushed', phone: expect.any(String) });
      });

      it('stores nothing when the step fails after it', async () => {
        const id = await rig.instance();
        const number = phone();
        const step = rig.step(id, async (tx) => {
          await tx.storeContacts(id, 'whatsapp', [contact('a', { phone: number })], NOW);
          throw new Error('after the page');
        });
        await expect(step).rejects.toThrow('after the page');
        expect((await held(id)).size).toBe(0);
        expect(await rig.rows('SELECT 1 FROM persons WHERE phone = $1', [number])).toEqual([]);
      });
    });

    describe('a link', () => {
      it('is made by phone, across instances and with a person made beforehand', async () => {
        const [one, other] = [await rig.instance(), await rig.instance()];
        const number = phone();
        const made = await run(rig.db.people.create({ name: 'Made before', phone: number }, NOW));
        await store(one, [contact('x', { phone: number })]);
        await store(other, [contact('y', { phone: number })]);
        expect(await personOf(one, 'x')).toBe(made.id);
        expect(await personOf(other, 'y')).toBe(made.id);
        expect((await held(one)).get('x')?.linkedBy).toBe('phone');
      });

      it('of the same account of another instance leads to the same person, of another account to a new one', async () => {
        const [one, other] = [await rig.instance(), await rig.instance()];
        const account = name('account');
        await store(one, [contact(account), contact(name('account'))]);
        await store(other, [contact(account)]);
        expect(await personOf(other, account)).toBe(await personOf(one, account));
        expect(new Set([...(await held(one)).values()].map(({ personId }) => personId)).size).toBe(2);
        expect((await held(one)).get(account)?.linkedBy).toBe('new');
        expect((await held(other)).get(account)?.linkedBy).toBe('account');
      });

      it('gives two accounts with one phone one person, in the same page too', async () => {
        const id = await rig.instance();
        const number = phone();
        await store(id, [contact('a', { phone: number }), contact('b', { phone: number })]);
        expect(await personOf(id, 'a')).toBe(await personOf(id, 'b'));
      });

      it('follows when the phone is learned later: an account without a person of its phone gives it to its own', async () => {
        const id = await rig.instance();
        const [account, number] = [name('account'), phone()];
        await store(id, [contact(account)]);
        const before = await personOf(id, account);
        expect(await store(id, [contact(account, { phone: number })])).toMatchObject({ updated: 1 });
        expect(await personOf(id, account)).toBe(before);
        expect(await rig.rows('SELECT id FROM persons WHERE phone = $1', [number])).toEqual([{ id: before }]);
      });

      it('follows when the phone is learned later: two persons become one, and the history says so', async () => {
        const [one, other] = [await rig.instance(), await rig.instance()];
        const [account, number] = [name('account'), phone()];
        await store(one, [contact(account)]);
        await store(other, [contact('known', { phone: number })]);
        const [gone, kept] = [await personOf(one, account), await personOf(other, 'known')];
        await store(one, [contact(account, { phone: number })]);
        expect(await personOf(one, account)).toBe(kept);
        const { items } = await run(rig.db.people.links(kept as never, { limit: 10, cursor: null }));
        expect(items).toContainEqual(
          expect.objectContaining({ externalId: account, fromPersonId: gone, toPersonId: kept, by: 'phone' }),
        );
        expect((await run(rig.db.people.person(gone as never))).id).toBe(kept);
      });

      it('made by hand is left alone, whatever a sync learns', async () => {
        const [one, other] = [await rig.instance(), await rig.instance()];
        const [account, number] = [name('account'), phone()];
        await store(one, [contact(account)]);
        await store(other, [contact('known', { phone: number })]);
        const mine = await run(rig.db.people.create({ name: 'By hand', phone: null }, NOW));
        const [identity] = await rig.rows<{ id: string }>('SELECT id FROM platform_identities WHERE external_id = $1', [
          account,
        ]);
        await run(rig.db.people.link(identity?.id as never, mine.id, 'I know her', NOW));
        await store(one, [contact(account, { phone: number, names: { pushed: 'new' } })]);
        expect(await personOf(one, account)).toBe(mine.id);
      });
    });

    describe('an alias', () => {
      it('that was all that was known of an account gives way to its id, and the person gets the phone', async () => {
        const id = await rig.instance();
        const [lid, jid, number] = [name('lid'), name('jid'), phone()];
        await store(id, [contact(lid, { names: { pushed: 'Pushed' } })]);
        const before = await personOf(id, lid);
        expect(await learn(id, lid, jid, number)).toBe(1);
        expect(await learn(id, lid, jid, number)).toBe(0);
        const after = await held(id);
        expect([...after.keys()]).toEqual([jid]);
        expect(after.get(jid)).toMatchObject({ personId: before, phone: number, pushed: 'Pushed' });
      });

      it('of an account that is known by both makes one of them and of their persons, and loses nothing', async () => {
        const id = await rig.instance();
        const [lid, jid, number] = [name('lid'), name('jid'), phone()];
        const group = name('group');
        await rig.step(id, async (tx) => {
          await tx.storeGroups(id, [listedGroup(group)], NOW);
          await tx.storeContacts(id, 'whatsapp', [contact(lid, { names: { pushed: 'Pushed' } })], NOW);
          await tx.storeContacts(id, 'whatsapp', [contact(jid, { names: { saved: 'Saved' }, phone: number })], NOW);
          await tx.storeMembers(id, group, [listedMember(lid, { nick: 'Nick' })], NOW);
        });
        const [gone, kept] = [await personOf(id, lid), await personOf(id, jid)];
        await learn(id, lid, jid, number);
        const after = await held(id);
        expect([...after.keys()]).toEqual([jid]);
        expect(after.get(jid)).toMatchObject({ personId: kept, saved: 'Saved', pushed: 'Pushed' });
        const members = await rig.rows(
          `SELECT contact_external_id AS id, nick FROM group_members
           WHERE group_id = (SELECT id FROM omni_groups WHERE external_id = $1)`,
          [group],
        );
        expect(members).toEqual([{ id: jid, nick: 'Nick' }]);
        const { items } = await run(rig.db.people.links(kept as never, { limit: 10, cursor: null }));
        expect(items).toContainEqual(expect.objectContaining({ fromPersonId: gone, toPersonId: kept, by: 'alias' }));
        expect((await run(rig.db.people.person(gone as never))).id).toBe(kept);
      });

      it('comes with a contact, and stands for it in later pages and among members', async () => {
        const id = await rig.instance();
        const [lid, jid, number] = [name('lid'), name('jid'), phone()];
        const listed = contact(jid, { aliases: [ExternalId.make(lid)], phone: number, names: { saved: 'Saved' } });
        await store(id, [listed]);
        expect(await store(id, [contact(lid, { names: { pushed: 'Pushed' } })])).toMatchObject({ updated: 1 });
        expect(await store(id, [contact(lid, { names: { pushed: 'Pushed' } }), listed])).toMatchObject({
          duplicates: 2,
        });
        expect((await held(id)).size).toBe(1);
        expect((await held(id)).get(jid)).toMatchObject({ saved: 'Saved', pushed: 'Pushed' });
      });

      it('may be learned before its account is met, with its phone', async () => {
        const id = await rig.instance();
        const [lid, jid, number] = [name('lid'), name('jid'), phone()];
        expect(await learn(id, lid, jid, number)).toBe(1);
        await store(id, [contact(lid)]);
        expect((await held(id)).get(jid)).toMatchObject({ phone: number, linkedBy: 'new' });
      });

      it('learned by one instance tells who the same alias of another is', async () => {
        const [one, other] = [await rig.instance(), await rig.instance()];
        const [lid, jid, number] = [name('lid'), name('jid'), phone()];
        await store(one, [contact(lid)]);
        await store(other, [contact(jid, { phone: number, aliases: [ExternalId.make(lid)] })]);
        expect(await personOf(one, lid)).toBe(await personOf(other, jid));
      });

      it('is one of two of the same account', async () => {
        const id = await rig.instance();
        const [first, second, jid, number] = [name('lid'), name('lid'), name('jid'), phone()];
        await store(id, [contact(first, { names: { saved: 'S' } }), contact(second, { names: { pushed: 'P' } })]);
        const aliases = [ExternalId.make(first), ExternalId.make(second)];
        await store(id, [contact(jid, { phone: number, aliases, names: {} })]);
        expect([...(await held(id)).values()]).toEqual([
          expect.objectContaining({ externalId: jid, saved: 'S', pushed: 'P' }),
        ]);
      });
    });

    describe('a survey', () => {
      const survey = (startedAt: number) => ({ jobId: newJobId(), startedAt });

      it('marks whom none of its pages saw, and nobody who came meanwhile', async () => {
        const id = await rig.instance();
        await store(
          id,
          ['a', 'b', 'c'].map((one) => contact(one)),
          NOW,
        );
        const of = survey(NOW + 10);
        await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', [contact('a')], NOW + 11, of));
        await store(id, [contact('live')], NOW + 12);
        await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', [contact('c')], NOW + 13, of));
        expect(await rig.step(id, (tx) => tx.sweepContacts(id, of, NOW + 14))).toBe(1);
        const removed = [...(await held(id)).values()].filter((one) => one.removed).map(({ externalId }) => externalId);
        expect(removed).toEqual(['b']);
        expect(await rig.rows('SELECT 1 FROM sightings WHERE job_id = $1', [of.jobId])).toEqual([]);
        expect(await rig.step(id, (tx) => tx.countContacts(id))).toBe(3);
        expect(await store(id, [contact('b')], NOW + 20)).toMatchObject({ updated: 1 });
        expect(await rig.step(id, (tx) => tx.countContacts(id))).toBe(4);
      });

      it('spares who is on the other side of a direct conversation, and not who wrote elsewhere', async () => {
        const id = await rig.instance();
        await store(
          id,
          ['partner', 'stranger', 'a'].map((one) => contact(one)),
          NOW,
        );
        const direct = await rig.conversation(id, { kind: 'direct' });
        const room = await rig.conversation(id);
        await rig.step(id, async (tx) => {
          const from = (sender: string, text: string) => message(`${sender}-${text}`, { senderId: sender });
          const own = message('own', { senderId: 'bot', isFromMe: true, timestamp: NOW });
          const nameless = message('nameless', { senderId: null, timestamp: NOW });
          await tx.upsertMessages(id, direct, 'live', [from('partner', 'ahoy'), own, nameless], NOW);
          await tx.upsertMessages(id, room, 'live', [from('stranger', 'ahoy')], NOW);
        });
        const of = survey(NOW + 10);
        await rig.step(id, (tx) => tx.storeContacts(id, 'discord', [contact('a')], NOW + 11, of));
        expect(await rig.step(id, (tx) => tx.sweepContacts(id, of, NOW + 14))).toBe(1);
        const removed = [...(await held(id)).values()].filter((one) => one.removed).map(({ externalId }) => externalId);
        expect(removed).toEqual(['stranger']);
      });

      it('of the address book takes the saved names of whom it did not see, and of nobody who was saved meanwhile', async () => {
        const id = await rig.instance();
        const [lid, jid] = [name('lid'), name('jid')];
        const saved = (account: string) => contact(account, { names: { saved: `Saved ${account}`, pushed: 'Pushed' } });
        await store(id, ['a', 'b', jid].map(saved), NOW);
        await learn(id, lid, jid, null);
        const of = survey(NOW + 10);
        await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', [saved('a'), saved(lid)], NOW + 11, of));
        await store(id, [saved('live')], NOW + 12);
        expect(await rig.step(id, (tx) => tx.sweepSavedNames(id, of, NOW + 13))).toBe(1);
        const names = [...(await held(id)).values()].map((one) => [one.externalId, one.saved, one.pushed, one.removed]);
        expect(new Map(names.map(([account, ...rest]) => [account, rest]))).toEqual(
          new Map([
            ['a', ['Saved a', 'Pushed', false]],
            ['b', [null, 'Pushed', false]],
            [jid, [`Saved ${lid}`, 'Pushed', false]],
            ['live', ['Saved live', 'Pushed', false]],
          ] as const),
        );
        expect(await rig.rows('SELECT 1 FROM sightings WHERE job_id = $1', [of.jobId])).toEqual([]);
      });

      it('that is never swept marks nobody, and is forgotten', async () => {
        const id = await rig.instance();
        const of = survey(NOW + 10);
        await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', [contact('a')], NOW + 11, of));
        await rig.step(id, (tx) => tx.forgetSurvey(of.jobId));
        expect(await rig.rows('SELECT 1 FROM sightings WHERE job_id = $1', [of.jobId])).toEqual([]);
      });

      it('takes the platform’s word for who is gone, by alias too', async () => {
        const id = await rig.instance();
        const lid = name('lid');
        await store(id, [contact('a'), contact('b', { aliases: [ExternalId.make(lid)] })]);
        expect(await rig.step(id, (tx) => tx.markContactsGone(id, [lid, 'nobody'], NOW))).toBe(1);
        expect((await held(id)).get('b')?.removed).toBe(true);
      });
    });
  });
};
