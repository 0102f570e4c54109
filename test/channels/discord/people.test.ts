import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Effect } from 'effect';
import { afterEach, describe, expect, it } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from '../../simulators/discord/discord-simulator.ts';
import type { MemberDefect, RestFault } from '../../simulators/discord/faults/fault.ts';
import { startDiscordSimulator } from '../../simulators/discord/simulator.ts';
import type { WorldPlan } from '../../simulators/discord/world/world-plan.ts';
import { failureOf, type OpenedConnection, openConnection } from './opened-connection.ts';
import { asTrueContact, asTrueGroup, type SurveyedPeople, sorted, surveyPeople } from './surveyed-people.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes on the heap that somebody still holds. */
const liveHeap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

let simulator: DiscordSimulator;
let connection: OpenedConnection;

const reopen = async (): Promise<OpenedConnection> => {
  connection = await openConnection({ apiUrl: simulator.apiUrl, token: simulator.token });
  await connection.reported('connectionOpened');
  return connection;
};

const connect = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startDiscordSimulator({ seed: 7, rateLimits: 'off', identifyIntervalMs: 0, ...options });
  await reopen();
};

afterEach(async () => {
  await connection.close();
  await simulator.close();
});

const MEMBERS = '/guilds/:guildId/members';
const membersAsked = (): number => simulator.requests.byRoute.get(MEMBERS) ?? 0;

/** Three guilds, of which one takes three pages. */
const ISLES: WorldPlan = {
  guilds: [
    {
      name: 'Port',
      description: 'Ships',
      members: 2_500,
      channels: [
        { name: 'Piers', type: 4 },
        { name: 'quay', category: 'Piers', topic: 'Who lies where', threads: [{ name: 'gossip' }] },
        { name: 'mess', type: 2 },
      ],
    },
    { name: 'Farm', members: 1_000, channels: [{ name: 'barn' }, { name: 'hidden', deny: ['ViewChannel'] }] },
    { name: 'Hut', members: 2, channels: [{ name: 'hearth', type: 15 }] },
  ],
};

const survey = (kind: 'contacts' | 'groups', withMembers = true): Promise<SurveyedPeople> =>
  surveyPeople(kind, { withMembers, connection: () => connection });

const expectContacts = ({ contacts, members }: SurveyedPeople): void => {
  expect(sorted([...contacts.values()].map(asTrueContact))).toEqual(sorted(simulator.contacts()));
  expect(sorted(members)).toEqual(sorted(simulator.members()));
};

const expectGroups = ({ groups }: SurveyedPeople): void =>
  expect(sorted([...groups.values()].map(asTrueGroup))).toEqual(sorted(simulator.groups()));

const guildIds = (): string[] => simulator.world.guilds.map(({ id }) => id).sort();
const completedMembers = ({ pages }: SurveyedPeople): string[] =>
  pages.flatMap(({ completed }) => completed.membersOf).sort();

describe('a survey of contacts', () => {
  it('tells the members of every guild, each with its guild, and says what is complete', async () => {
    await connect({ world: ISLES });
    const told = await survey('contacts');
    expectContacts(told);
    expect([...told.groups.keys()].sort()).toEqual(guildIds());
    expect(told.problems).toEqual([]);
    expect(completedMembers(told)).toEqual(guildIds());
    expect(told.pages.map(({ completed }) => completed.contacts)).toEqual([
      ...told.pages.slice(1).map(() => false),
      true,
    ]);
    expect(told.pages.some(({ completed, onlyPushed }) => completed.groups || onlyPushed)).toBe(false);
    // The list of guilds; three, two and one page of members.
    expect(simulator.requests.byStatus).toEqual(new Map([[200, simulator.requests.total]]));
    expect([told.pages.length, membersAsked()]).toEqual([7, 6]);
  });

  it('tells a guild before its members', async () => {
    await connect({ world: ISLES });
    const { pages } = await survey('contacts');
    const told = new Set<string>();
    const withMembers = new Set<string>();
    for (const { groups, members } of pages) {
      for (const { externalId } of groups) told.add(externalId);
      for (const { groupExternalId } of members) {
        expect(told).toContain(groupExternalId);
        withMembers.add(groupExternalId);
      }
    }
    expect([...withMembers].sort()).toEqual(guildIds());
  });

  it('goes on with the next page of the same guild when every page is read by another connection', async () => {
    await connect({ world: ISLES });
    const told = await surveyPeople('contacts', {
      connection: async () => {
        await connection.close();
        return reopen();
      },
    });
    expectContacts(told);
    expect(completedMembers(told)).toEqual(guildIds());
    expect(told.pages.at(-1)?.completed.contacts).toBe(true);
    expect(membersAsked()).toBe(6);
  });

  it('keeps a small cursor, however many guilds there are', async () => {
    const guilds = Array.from({ length: 405 }, (_, at) => ({ name: `isle-${at}`, members: 1, channels: [] }));
    await connect({ world: { guilds } });
    const told = await survey('contacts');
    expectContacts(told);
    expect(Math.max(...told.pages.map(({ nextCursor }) => JSON.stringify(nextCursor).length))).toBeLessThan(150);
    expect(simulator.requests.byRoute.get('/users/@me/guilds')).toBe(3);
  });

  it('starts anew from a cursor that it does not understand', async () => {
    await connect({ world: ISLES });
    const page = await Effect.runPromise(
      connection.contacts.read({ cursor: { stage: 'of tomorrow' }, withMembers: true }),
    );
    expect(page.nextCursor).toMatchObject({ stage: 'members', after: null });
  });

  it('tells what has changed since', async () => {
    await connect({ world: ISLES });
    await survey('contacts');
    const { desk, people } = simulator.world;
    desk.rename(people.at(1).id, { globalName: 'Somebody Else' }, { silent: true });
    desk.leave('Port', people.at(7).id);
    desk.join('Hut', null);
    desk.changeMember('Port', people.at(9).id, { nick: 'captain', isAdmin: true });
    desk.change(desk.named('Farm').id, { ownerId: people.at(5).id });
    desk.delete(desk.named('Hut').id, { silent: true });
    const told = await survey('contacts');
    expectContacts(told);
    expect(told.problems).toEqual([]);
  });

  it('without the privileged intent is refused once, and says which switch is off', async () => {
    await connect({ world: { ...ISLES, bots: [{ name: 'b', privileged: ['MessageContent'] }] } });
    const { pages, problems } = await survey('contacts');
    expect(problems).toMatchObject([
      { externalId: null, reason: 'intent_missing', message: expect.stringContaining('"Server Members Intent"') },
    ]);
    expect(pages.at(-1)?.completed).toEqual({ groups: false, contacts: false, membersOf: [] });
    expect(simulator.requests.byStatus.get(403)).toBe(1);
  });

  it('gets past a guild that is lost in the middle, and calls nothing complete that is not', async () => {
    await connect({ world: ISLES });
    const port = simulator.world.desk.named('Port');
    const others = guildIds().filter((id) => id !== port.id);
    const told = await surveyPeople('contacts', {
      connection: () => connection,
      after: ({ members }) => {
        if (members[0]?.groupExternalId === port.id && simulator.world.guilds.includes(port)) {
          simulator.world.desk.delete(port.id, { silent: true });
        }
      },
    });
    expect(told.problems).toMatchObject([{ externalId: port.id, reason: 'guild_unreadable' }]);
    expect(completedMembers(told)).toEqual(others);
    expect(told.pages.at(-1)?.completed.contacts).toBe(false);
    expect(told.members.filter(({ guildId }) => guildId !== port.id)).toHaveLength(1_001 + 3);
  });

  it('leaves out a guild that Discord says is down, without asking for it', async () => {
    await connect({ world: ISLES });
    const port = simulator.world.desk.named('Port');
    simulator.world.desk.takeDown(port.id);
    // Events keep their order: once this one has come, the outage has.
    simulator.world.changeChannel(simulator.world.channelNamed('barn').id, { topic: 'Hay' });
    await connection.reported('groupsChanged');
    const told = await survey('contacts');
    expect(told.problems).toMatchObject([{ externalId: port.id, reason: 'guild_unavailable' }]);
    expect(completedMembers(told)).toEqual(guildIds().filter((id) => id !== port.id));
    expect(told.pages.at(-1)?.completed.contacts).toBe(false);
    expect(membersAsked()).toBe(3);
  });

  it.each<MemberDefect>(['nullEntry', 'noUser', 'numericNick'])(
    'tells all others where one member is broken (%s), and does not call the list complete',
    async (defect) => {
      await connect({ world: ISLES });
      simulator.faults.add({ kind: 'malformedMember', defect }, { route: MEMBERS });
      const told = await survey('contacts');
      expect(told.problems).toMatchObject([{ reason: 'malformed_member' }]);
      expect(told.members).toHaveLength([...simulator.members()].length - 1);
      expect(completedMembers(told)).toHaveLength(2);
      expect(told.pages.at(-1)?.completed.contacts).toBe(false);
    },
  );

  it('fails for now when Discord limits it, says for how long, and asks no more before that', async () => {
    await connect({ world: ISLES });
    const first = await Effect.runPromise(connection.contacts.read({ cursor: null, withMembers: true }));
    const second = { cursor: first.nextCursor, withMembers: true };
    simulator.faults.add({ kind: 'rateLimited', retryAfterMs: 40_000 }, { route: MEMBERS });
    const failure = await failureOf(connection.contacts.read(second));
    expect(failure).toMatchObject({ _tag: 'RateLimited', scope: 'instance', retryAfterMs: 40_000 });
    const heldBack = await failureOf(connection.contacts.read(second));
    expect(heldBack).toMatchObject({ _tag: 'RateLimited' });
    expect(membersAsked()).toBe(1);
    expect(simulator.requests.byStatus.get(429)).toBe(1);
  });

  it('passes on what is left of the limit', async () => {
    await connect({ world: ISLES, rateLimits: { others: { requests: 3, perMs: 60_000 } } });
    const first = await Effect.runPromise(connection.contacts.read({ cursor: null, withMembers: true }));
    const page = await Effect.runPromise(connection.contacts.read({ cursor: first.nextCursor, withMembers: true }));
    expect(page.quota).toMatchObject({ remaining: 2, resetAt: expect.any(Number) });
    expect(page.requestedAt).toBeGreaterThan(0);
  });

  it.each<RestFault>([
    { kind: 'status', status: 500 },
    { kind: 'html' },
    { kind: 'cutBody' },
    { kind: 'notJson' },
    { kind: 'wrongShape' },
    { kind: 'reset' },
  ])('fails on a bad answer ($kind), and brings the same page when it is asked again', async (fault) => {
    await connect({ world: ISLES });
    const first = await Effect.runPromise(connection.contacts.read({ cursor: null, withMembers: true }));
    const again = { cursor: first.nextCursor, withMembers: true };
    simulator.faults.add(fault, { route: MEMBERS });
    expect((await failureOf(connection.contacts.read(again)))._tag).toMatch(/BadAnswer|Unreachable/);
    const page = await Effect.runPromise(connection.contacts.read(again));
    expect(page.contacts.length).toBeGreaterThan(0);
  });

  it('reads 100,000 members in flat memory', async () => {
    await connect({ world: { guilds: [{ name: 'Metropolis', members: 100_000, channels: [] }] } });
    let cursor: unknown = null;
    let [members, most] = [0, 0];
    const before = liveHeap();
    let peak = 0;
    do {
      const page = await Effect.runPromise(connection.contacts.read({ cursor, withMembers: true }));
      members += page.members[0]?.members.length ?? 0;
      most = Math.max(most, page.contacts.length);
      cursor = page.nextCursor;
      if (members % 20_000 === 0) peak = Math.max(peak, liveHeap());
    } while (cursor !== null);
    expect([members, most]).toEqual([100_001, 1_000]);
    // All members at once would be some hundred megabytes.
    expect(peak - before).toBeLessThan(40_000_000);
  });
});

describe('a survey of groups', () => {
  it('tells guilds and their channels, not threads and categories, and says when it has told all', async () => {
    await connect({ world: ISLES });
    const told = await survey('groups', false);
    expectGroups(told);
    expect(told.members).toEqual([]);
    expect(told.pages.map(({ completed }) => completed.groups)).toEqual([
      ...told.pages.slice(1).map(() => false),
      true,
    ]);
    expect(membersAsked()).toBe(0);
    expect(told.pages).toHaveLength(1 + 2 * 3);
  });

  it('says what each of them is', async () => {
    await connect({ world: ISLES });
    const { groups } = await survey('groups', false);
    const { desk } = simulator.world;
    const named = (name: string) => groups.get(simulator.world.channelNamed(name).id);
    expect(groups.get(desk.named('Port').id)).toMatchObject({
      kind: 'guild',
      createdAt: desk.named('Port').createdAt,
      metadata: { verificationLevel: 1, features: ['COMMUNITY', 'NEWS'], preferredLocale: 'en-US' },
    });
    expect(named('quay')).toMatchObject({
      kind: 'channel',
      parentExternalId: desk.named('Port').id,
      description: 'Who lies where',
      metadata: { type: 'text', category: 'Piers', position: 1, nsfw: false },
    });
    expect(named('mess')?.metadata).toMatchObject({ type: 'voice', category: null });
    expect(named('hearth')?.metadata).toMatchObject({ type: 'forum' });
  });

  it('tells the members afterwards, where it is to', async () => {
    await connect({ world: ISLES });
    const told = await survey('groups');
    expectGroups(told);
    expectContacts(told);
    expect(completedMembers(told)).toEqual(guildIds());
    const last = told.pages.findIndex(({ completed }) => completed.groups);
    expect(told.pages.slice(0, last + 1).every(({ members }) => members.length === 0)).toBe(true);
    expect(told.pages.some(({ completed }) => completed.contacts)).toBe(false);
  });

  it('goes on where it was when every page is read by another connection', async () => {
    await connect({ world: ISLES });
    const told = await surveyPeople('groups', {
      connection: async () => {
        await connection.close();
        return reopen();
      },
    });
    expectGroups(told);
    expectContacts(told);
  });

  it('tells what has changed since, also what no event told of', async () => {
    await connect({ world: ISLES });
    await survey('groups', false);
    const { world } = simulator;
    const silent = { silent: true };
    world.desk.change(world.desk.named('Port').id, { name: 'Haven', description: null }, silent);
    world.changeChannel(world.channelNamed('quay').id, { name: 'pier', topic: 'Who comes' }, silent);
    world.deleteChannel(world.channelNamed('mess').id, silent);
    world.createChannel(world.desk.named('Hut').id, { name: 'garden', topic: 'Beans' }, silent);
    world.desk.delete(world.desk.named('Farm').id, silent);
    const told = await survey('groups', false);
    expectGroups(told);
    expect(told.problems).toEqual([]);
    expect(told.pages.at(-1)?.completed.groups).toBe(true);
  });

  it('without the privileged intent tells all groups, and then why their members are missing', async () => {
    await connect({ world: { ...ISLES, bots: [{ name: 'b', privileged: ['MessageContent'] }] } });
    const told = await survey('groups');
    expectGroups(told);
    expect(told.pages.some(({ completed }) => completed.groups)).toBe(true);
    expect(told.problems).toMatchObject([{ reason: 'intent_missing' }]);
    expect(membersAsked()).toBe(1);
  });

  it.each(['/guilds/:guildId', '/guilds/:guildId/channels'])(
    'gets past a guild that refuses %s, and calls nothing gone on that account',
    async (route) => {
      await connect({ world: ISLES });
      simulator.faults.add({ kind: 'status', status: 403, message: 'Missing Access', code: 50_001 }, { route });
      const told = await survey('groups', false);
      expect(told.problems).toMatchObject([{ reason: 'guild_unreadable', message: expect.stringContaining('50001') }]);
      expect(told.pages.some(({ completed }) => completed.groups)).toBe(false);
      expect([...told.groups.values()].filter(({ kind }) => kind === 'guild').length).toBeGreaterThanOrEqual(2);
    },
  );

  it('tells the other channels where one is broken', async () => {
    await connect({ world: ISLES });
    simulator.faults.add({ kind: 'malformedMessage', defect: 'noId' }, { route: '/guilds/:guildId/channels' });
    const told = await survey('groups', false);
    expect(told.problems).toMatchObject([{ reason: 'malformed_channel' }]);
    expect(told.groups.size).toBe([...simulator.groups()].length - 1);
    expect(told.pages.some(({ completed }) => completed.groups)).toBe(false);
  });
});

describe('groups that change while somebody listens', () => {
  it('are told as surveys tell them', async () => {
    await connect({ world: ISLES });
    const { world } = simulator;
    const first = await survey('groups', false);
    const known = new Map(first.groups);
    world.desk.change(world.desk.named('Port').id, { name: 'Haven' });
    world.changeChannel(world.channelNamed('quay').id, { topic: 'Who comes' });
    world.changeChannel(world.channelNamed('Piers').id, { name: 'Docks' });
    const garden = world.createChannel(world.desk.named('Hut').id, { name: 'garden', topic: 'Beans' });
    const isle = world.desk.create({ name: 'Isle', members: 1, channels: [{ name: 'beach' }] });
    const [mess, farm] = [world.channelNamed('mess').id, world.desk.named('Farm').id];
    world.deleteChannel(mess);
    world.desk.delete(farm);
    await connection.reported('groupsLeft', 2);
    for (const report of connection.reports) {
      if (report.type === 'groupsChanged') for (const group of report.groups) known.set(group.externalId, group);
      if (report.type === 'groupsLeft') for (const id of report.externalIds) known.delete(id);
    }
    const second = await survey('groups', false);
    expect(sorted(known.values())).toEqual(sorted(second.groups.values()));
    expect([...known.keys()]).toEqual(expect.arrayContaining([garden.id, isle.id]));
    expect([...known.keys()]).not.toEqual(expect.arrayContaining([farm]));
    expect([...known.keys()]).not.toEqual(expect.arrayContaining([mess]));
  });
});
