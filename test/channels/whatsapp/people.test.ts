import { Effect } from 'effect';
import { describe, expect, it } from 'vitest';
import { contactSurvey, queryFailureOf } from '../../../src/channels/whatsapp/people.ts';
import { contact } from '../../contract/store-driver.ts';
import { prepareBaileys } from '../../simulators/whatsapp/baileys-in-tests.ts';
import { type Rig, rigs } from './rig.ts';

prepareBaileys();
const start = rigs();

/** Where it may be known, the phone address. */
const known = (rig: Rig, pn: string, lid: string): string => {
  const contact = rig.simulator.contacts().find((one) => one.pn === pn);
  return contact === undefined || contact.isMappingKnown ? pn : lid;
};

describe('the survey of groups', () => {
  it('brings all groups with their members and roles in one query', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    const page = await Effect.runPromise(channel.connection.groups.read({ cursor: null, withMembers: true }));
    const truth = rig.simulator.groups();
    expect(page.groups.map(({ externalId, name }) => [externalId, name])).toEqual(
      truth.map(({ jid, subject }) => [jid, subject]),
    );
    expect(page.nextCursor).toBeNull();
    expect(page.completed).toMatchObject({ groups: true, membersOf: truth.map(({ jid }) => jid) });
    for (const [at, { members }] of truth.entries()) {
      const told = page.members[at]?.members ?? [];
      const isAlias = (id: string) => members.some(({ pn, lid }) => pn === id || lid === id);
      expect(told.length).toBe(members.length);
      expect(told.every(({ contactExternalId }) => isAlias(contactExternalId))).toBe(true);
      for (const { pn, lid, role } of members) {
        const member = told.find(({ contactExternalId }) => contactExternalId === known(rig, pn, lid));
        if (member === undefined) continue;
        expect(member.role).toBe(role === 'superadmin' ? 'owner' : role);
      }
    }
    expect(rig.simulator.log.violations).toEqual([]);
    // What was asked for is no news, told twice.
    expect(channel.of('groupsChanged')).toEqual([]);
  });

  it('tells that it was one query too many, and brings them the next time', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    rig.simulator.faults.add({ kind: 'groupsOverlimit' }, { times: 1 });
    const read = channel.connection.groups.read({ cursor: null, withMembers: true });
    expect(await Effect.runPromise(Effect.flip(read))).toMatchObject({ _tag: 'RateLimited', scope: 'instance' });
    expect((await Effect.runPromise(read)).groups.length).toBeGreaterThan(0);
  });

  it.each(['empty', 'silent'] as const)('takes no answer for the answer that there are none: %s', async (how) => {
    const rig = await start();
    const channel = await rig.pairWithHistory({ queryTimeoutMs: 500 });
    rig.simulator.faults.add({ kind: 'query', on: 'get w:g2 participating', how });
    const read = channel.connection.groups.read({ cursor: null, withMembers: true });
    expect(await Effect.runPromise(Effect.flip(read))).toMatchObject({ _tag: 'BadAnswer' });
    expect((await Effect.runPromise(read)).groups.length).toBeGreaterThan(0);
  });

  it('reaches nobody while there is no connection', async () => {
    const rig = await start();
    const channel = rig.open();
    const read = channel.connection.groups.read({ cursor: null, withMembers: true });
    expect((await Effect.runPromise(Effect.flip(read)))._tag).toBe('Unreachable');
  });
});

describe('the list of conversations', () => {
  it('is empty and complete without any request: chats become known by what is pushed', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    rig.simulator.log.clear();
    const listing = await Effect.runPromise(
      channel.connection.directory.read({ cursor: null, bookmarks: new Map(), only: null }),
    );
    expect(listing).toMatchObject({ conversations: [], nextCursor: null, problems: [] });
    expect(rig.simulator.log.stanzas).toEqual([]);
  });
});

describe('the survey of contacts', () => {
  it('reads the names that the owner saved anew, also those that were told before', async () => {
    const rig = await start();
    const channel = await rig.pairWithHistory();
    await rig.simulator.edit({ edit: 'saveContact', person: 'Ben', savedAs: 'Benjamin', silent: true });
    const read = channel.connection.contacts.read({ cursor: null, withMembers: true });
    for (let time = 0; time < 2; time++) {
      const page = await Effect.runPromise(read);
      expect(page).toMatchObject({
        onlyPushed: true,
        nextCursor: null,
        completed: { contacts: false, savedNames: true },
      });
      const saved = page.contacts.map(({ externalId, names }) => [externalId, names.saved]);
      const truth = rig.simulator.contacts().filter(({ savedAs }) => savedAs !== null);
      expect(saved.sort()).toEqual(truth.map(({ pn, savedAs }) => [pn, savedAs]).sort());
    }
    expect(rig.simulator.log.violations).toEqual([]);
  });

  it.each(['empty', 'silent'] as const)(
    'ends when the app state is not answered, and reads it the next time: %s',
    async (how) => {
      const rig = await start();
      const channel = await rig.pairWithHistory({ queryTimeoutMs: 500 });
      const fault = rig.simulator.faults.add({ kind: 'query', on: 'set w:sync:app:state sync', how }, { times: -1 });
      const read = channel.connection.contacts.read({ cursor: null, withMembers: true });
      const failure = await Effect.runPromise(Effect.flip(read));
      expect(failure).toMatchObject({ _tag: 'BadAnswer', message: expect.stringContaining('app state') });
      expect(fault.count).toBeLessThanOrEqual(4);
      fault.remove();
      expect((await Effect.runPromise(read)).contacts.length).toBeGreaterThan(0);
    },
  );

  it.each([
    ['it was not read as a whole', { isWhole: false, contacts: [contact('a', { names: { saved: 'A' } })] }],
    ['no key was given for it', null],
    ['it has not a single name', { isWhole: true, contacts: [contact('a', { names: { saved: null } })] }],
  ])('takes no name from whom the address book does not tell of when %s', async (_why, book) => {
    const survey = contactSurvey({ readAddressBook: async () => book, arrivesUntil: () => null, now: () => 0 });
    const page = await Effect.runPromise(survey.read({ cursor: null, withMembers: true }));
    expect(page.completed).toEqual({ groups: false, contacts: false, membersOf: [] });
  });

  it('takes the saved name from whom a whole address book tells of without one', async () => {
    const contacts = [contact('a', { names: { saved: 'Ada' } }), contact('b', { names: { pushed: 'Ben' } })];
    const readAddressBook = async () => ({ isWhole: true, contacts });
    const survey = contactSurvey({ readAddressBook, arrivesUntil: () => null, now: () => 0 });
    const page = await Effect.runPromise(survey.read({ cursor: null, withMembers: true }));
    expect(page.contacts.map(({ names }) => names)).toEqual([{ saved: 'Ada' }, { saved: null, pushed: 'Ben' }]);
  });

  it('reaches nobody while there is no connection', async () => {
    const rig = await start();
    const channel = rig.open();
    const read = channel.connection.contacts.read({ cursor: null, withMembers: true });
    expect((await Effect.runPromise(Effect.flip(read)))._tag).toBe('Unreachable');
  });
});

describe('a failed query', () => {
  it('is told by what the server said', () => {
    const refused = (message: string, data: number): Error => Object.assign(new Error(message), { data });
    expect(queryFailureOf('groups')(refused('rate-overlimit', 429))._tag).toBe('RateLimited');
    expect(queryFailureOf('groups')(refused('forbidden', 403))._tag).toBe('BadAnswer');
    expect(queryFailureOf('groups')(new Error('Connection Closed'))._tag).toBe('Unreachable');
  });
});
