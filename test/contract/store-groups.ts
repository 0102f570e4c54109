import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AmendedGroup } from '../../src/domain/group.ts';
import { ExternalId, type GroupId, type InstanceId } from '../../src/domain/ids.ts';
import type { PageRequest } from '../../src/domain/page.ts';
import type { Completeness } from '../../src/sync/people/people-store.ts';
import { newJobId } from '../harness/job-config.ts';
import { readAll } from './read-all.ts';
import { contact, failureOf, listedGroup, listedMember, type StoreDriver, StoreRig } from './store-driver.ts';

const NOW = Date.UTC(2026, 5, 1);
const WHOLE = { limit: 100, cursor: null };
const run = Effect.runPromise;

/** Groups and their members: what is stored, and what can be read of it. */
export const groupStoreContract = (driver: StoreDriver): void => {
  describe(`groups on ${driver.name}`, () => {
    let rig: StoreRig;
    beforeAll(async () => {
      rig = await StoreRig.open(driver);
    });
    afterAll(async () => {
      await rig?.close();
      await driver.dispose();
    });

    const store = (
      id: InstanceId,
      groups: readonly ReturnType<typeof listedGroup>[],
      at = NOW,
      completeness: Completeness = null,
    ) => rig.step(id, (tx) => tx.storeGroups(id, groups, at, completeness));
    const join = (
      id: InstanceId,
      group: string,
      members: readonly ReturnType<typeof listedMember>[],
      at = NOW,
      completeness: Completeness = null,
    ) => rig.step(id, (tx) => tx.storeMembers(id, group, members, at, completeness));
    const groups = async (id: InstanceId, filter = {}) => (await run(rig.db.people.groups(id, filter, WHOLE))).items;
    const groupId = async (id: InstanceId, externalId: string): Promise<GroupId> => {
      const found = (await groups(id, { includeLeft: true })).find((group) => group.externalId === externalId);
      if (found === undefined) throw new Error('The group was not stored');
      return found.id;
    };
    const members = async (id: InstanceId, group: string, filter = {}) =>
      (await run(rig.db.people.members(id, await groupId(id, group), filter, WHOLE))).items;

    it('are stored once, and only what changed is written', async () => {
      const id = await rig.instance();
      const [a, b] = [
        listedGroup('a', { createdAt: NOW - 5, memberCount: 3, ownerExternalId: ExternalId.make('owner') }),
        listedGroup('b', { kind: 'guild', metadata: { announce: true, rules: ['\0'] } }),
      ];
      expect(await store(id, [a, b])).toEqual({ stored: 2, duplicates: 0, updated: 0 });
      expect(await store(id, [a, b, a], NOW + 1)).toEqual({ stored: 0, duplicates: 3, updated: 0 });
      const changed = { ...a, name: 'Renamed', createdAt: null };
      expect(await store(id, [changed, b], NOW + 2)).toEqual({ stored: 0, duplicates: 1, updated: 1 });
      expect(await store(id, [{ ...b, metadata: { announce: false } }], NOW + 3)).toMatchObject({ updated: 1 });
      expect(await store(id, [])).toEqual({ stored: 0, duplicates: 0, updated: 0 });
      expect(await groups(id)).toMatchObject([
        {
          externalId: 'a',
          name: 'Renamed',
          createdAt: new Date(NOW - 5).toISOString(),
          memberCount: 3,
          ownerExternalId: 'owner',
          updatedAt: new Date(NOW + 2).toISOString(),
        },
        { externalId: 'b', kind: 'guild', metadata: { announce: false } },
      ]);
    });

    it('survive absurd figures', async () => {
      const id = await rig.instance();
      await store(id, [
        listedGroup('a', { memberCount: 1e12, createdAt: 8.64e15 }),
        listedGroup('b', { memberCount: -1 }),
      ]);
      expect((await groups(id)).map(({ memberCount }) => memberCount)).toEqual([2_147_483_647, 0]);
    });

    it('are amended in what changed about them, and in nothing else', async () => {
      const id = await rig.instance();
      const metadata = { onlyAdminsWrite: false, kept: [1] };
      await store(
        id,
        ['a', 'b'].map((one) => listedGroup(one, { description: 'Before', memberCount: 3, metadata })),
      );
      const amend = (changes: Omit<AmendedGroup, 'externalId'>, at: number) => {
        const amended = ['a', 'nobody knows'].map((one) => ({ externalId: one as never, ...changes }));
        return rig.step(id, (tx) => tx.amendGroups(id, amended, at));
      };
      expect(await amend({ name: 'Rena\0med' }, NOW + 1)).toBe(1);
      expect(await amend({ name: 'Renamed' }, NOW + 2)).toBe(0);
      expect(await amend({ description: null, metadata: { onlyAdminsWrite: true } }, NOW + 3)).toBe(1);
      expect(await groups(id)).toMatchObject([
        {
          externalId: 'a',
          name: 'Renamed',
          description: null,
          memberCount: 3,
          metadata: { onlyAdminsWrite: true, kept: [1] },
        },
        { externalId: 'b', name: 'Group b', description: 'Before', metadata },
      ]);
    });

    it('that are not among all of them have left, and come back when they are listed again', async () => {
      const id = await rig.instance();
      await store(id, [listedGroup('a'), listedGroup('b'), listedGroup('c')]);
      expect(await store(id, [listedGroup('a')], NOW + 1, 'all')).toEqual({ stored: 0, duplicates: 1, updated: 2 });
      expect((await groups(id)).map(({ externalId }) => externalId)).toEqual(['a']);
      expect(await store(id, [listedGroup('b')], NOW + 2)).toMatchObject({ updated: 1 });
      expect(await rig.step(id, (tx) => tx.markGroupsLeft(id, ['a', 'nothing'], NOW + 3))).toBe(1);
      const all = await groups(id, { includeLeft: true });
      expect(all.map(({ leftAt }) => leftAt === null)).toEqual([false, true, false]);
    });

    it('that no page of a survey saw have left, but for those that came meanwhile', async () => {
      const id = await rig.instance();
      await store(id, [listedGroup('a'), listedGroup('b')]);
      const survey = { jobId: newJobId(), startedAt: NOW + 10 };
      await store(id, [listedGroup('a')], NOW + 11, survey);
      await store(id, [listedGroup('live')], NOW + 12);
      expect(await rig.step(id, (tx) => tx.sweepGroups(id, survey, NOW + 13))).toBe(1);
      expect((await groups(id)).map(({ externalId }) => externalId)).toEqual(['a', 'live']);
    });

    it('are found by name, description, kind and the platform’s id, and paged', async () => {
      const id = await rig.instance();
      const odd = listedGroup('x1', { name: `why? 100% "odd"`, description: 'A topic' });
      await store(id, [odd, ...Array.from({ length: 7 }, (_, n) => listedGroup(`g${n}`, { kind: 'channel' }))]);
      for (const search of ['WHY?', '100%', 'topic', 'x1']) {
        expect(
          (await groups(id, { search })).map(({ externalId }) => externalId),
          search,
        ).toEqual(['x1']);
      }
      expect(await groups(id, { kind: 'channel' })).toHaveLength(7);
      const read = (page: PageRequest) => run(rig.db.people.groups(id, {}, page));
      expect((await readAll(read, 3)).map(({ externalId }) => externalId)).toHaveLength(8);
    });

    describe('members', () => {
      it('are stored once, changed, and shown with their persons', async () => {
        const id = await rig.instance();
        await store(id, [listedGroup('g')]);
        const all = [listedMember('a', { role: 'owner', joinedAt: NOW - 9 }), listedMember('b', { nick: 'Bee' })];
        expect(await join(id, 'g', all)).toEqual({ stored: 2, duplicates: 0, updated: 0 });
        expect(await join(id, 'g', all)).toEqual({ stored: 0, duplicates: 2, updated: 0 });
        const promoted = listedMember('b', { role: 'admin', nick: null });
        expect(await join(id, 'g', [listedMember('a', { role: 'owner' }), promoted])).toMatchObject({ updated: 1 });
        await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', [contact('b', { names: { pushed: 'Bea' } })], NOW));
        expect(await members(id, 'g')).toMatchObject([
          { externalId: 'a', role: 'owner', joinedAt: new Date(NOW - 9).toISOString(), personId: null, name: null },
          { externalId: 'b', role: 'admin', nick: null, personId: expect.any(String), name: 'Bea' },
        ]);
      });

      it('are found as contacts are, or by what they are called in the group', async () => {
        const id = await rig.instance();
        await store(id, [listedGroup('g')]);
        const all = [listedMember('a', { nick: 'Boss 100%' }), listedMember('b'), listedMember('c')];
        await join(id, 'g', all);
        const known = [
          contact('b', { names: { pushed: 'Bea' } }),
          contact('elsewhere', { names: { pushed: 'Beate' } }),
        ];
        await rig.step(id, (tx) => tx.storeContacts(id, 'whatsapp', known, NOW));
        const found = async (search: string) =>
          (await members(id, 'g', { search })).map(({ externalId }) => externalId);
        expect(await found('boss 100%')).toEqual(['a']);
        expect(await found('bea')).toEqual(['b']);
        expect(await found('c')).toEqual(['c']);
        expect(await found('nobody')).toEqual([]);
      });

      it('who are not among all of them have left, and may come back', async () => {
        const id = await rig.instance();
        await store(id, [listedGroup('g')]);
        await join(
          id,
          'g',
          ['a', 'b', 'c'].map((one) => listedMember(one)),
        );
        expect(await join(id, 'g', [listedMember('a')], NOW + 1, 'all')).toEqual({
          stored: 0,
          duplicates: 1,
          updated: 2,
        });
        expect(await rig.step(id, (tx) => tx.markMembersLeft(id, 'g', ['a', 'nobody'], NOW + 2))).toBe(1);
        expect(await members(id, 'g')).toEqual([]);
        expect(await join(id, 'g', [listedMember('c')], NOW + 3)).toMatchObject({ updated: 1 });
        expect((await members(id, 'g', { includeLeft: true })).map(({ leftAt }) => leftAt)).toEqual([
          new Date(NOW + 2).toISOString(),
          new Date(NOW + 1).toISOString(),
          null,
        ]);
      });

      it('whom no page of a survey saw have left their group, and no other', async () => {
        const id = await rig.instance();
        await store(id, [listedGroup('g'), listedGroup('h')]);
        for (const group of ['g', 'h']) await join(id, group, [listedMember('a'), listedMember('b')]);
        const survey = { jobId: newJobId(), startedAt: NOW + 10 };
        await join(id, 'g', [listedMember('a')], NOW + 11, survey);
        await join(id, 'h', [listedMember('b')], NOW + 11, survey);
        await join(id, 'g', [listedMember('live')], NOW + 12);
        expect(await rig.step(id, (tx) => tx.sweepMembers(id, 'g', survey, NOW + 13))).toBe(1);
        expect((await members(id, 'g')).map(({ externalId }) => externalId)).toEqual(['a', 'live']);
        expect((await members(id, 'h')).map(({ externalId }) => externalId)).toEqual(['a', 'b']);
        expect(await rig.step(id, (tx) => tx.sweepMembers(id, 'h', survey, NOW + 14))).toBe(1);
      });

      it('may go by an alias, before and after it is learned', async () => {
        const id = await rig.instance();
        await store(id, [listedGroup('g')]);
        await join(id, 'g', [listedMember('lid-g', { nick: 'Nick' }), listedMember('jid-g')]);
        await rig.step(id, (tx) =>
          tx.learnAliases(
            id,
            'whatsapp',
            [{ alias: ExternalId.make('lid-g'), externalId: ExternalId.make('jid-g'), phone: null }],
            NOW + 1,
          ),
        );
        expect(await members(id, 'g')).toMatchObject([{ externalId: 'jid-g', nick: 'Nick', leftAt: null }]);
        expect(await join(id, 'g', [listedMember('lid-g', { nick: 'Nick' })])).toMatchObject({ duplicates: 1 });
        expect(await rig.step(id, (tx) => tx.markMembersLeft(id, 'g', ['lid-g'], NOW + 2))).toBe(1);
      });

      it('of a group that is not stored are not stored either', async () => {
        const id = await rig.instance();
        expect(await join(id, 'nowhere', [listedMember('a')])).toEqual({ stored: 0, duplicates: 1, updated: 0 });
        expect(await rig.step(id, (tx) => tx.markMembersLeft(id, 'nowhere', ['a'], NOW))).toBe(0);
      });

      it('are paged, and refused of a group of somebody else', async () => {
        const [id, other] = [await rig.instance(), await rig.instance()];
        await store(id, [listedGroup('g')]);
        await join(
          id,
          'g',
          Array.from({ length: 10 }, (_, n) => listedMember(`m${n}`)),
        );
        const its = await groupId(id, 'g');
        const all = await readAll((page) => run(rig.db.people.members(id, its, {}, page)), 3);
        expect(all.map(({ externalId }) => externalId)).toEqual(Array.from({ length: 10 }, (_, n) => `m${n}`));
        const refused = await failureOf(rig.db.people.members(other, its, {}, WHOLE));
        expect(refused).toMatchObject({ status: 404, code: 'group_not_found' });
      });
    });
  });
};
