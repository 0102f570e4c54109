import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { InstanceShown, JobShown } from '../harness/api-client.ts';
import { PATIENCE } from '../harness/service-stage.ts';
import { Stage } from '../harness/stage.ts';
import {
  type ContactShown,
  type GroupShown,
  inOrder,
  type MemberShown,
  storedPeople,
} from '../harness/stored-people.ts';
import type { GuildPlan } from '../simulators/discord/world/world-plan.ts';

const isle = (name: string, members: number): GuildPlan => ({
  name,
  description: `About ${name}`,
  members,
  channels: [
    { name: 'Piers', type: 4 },
    { name: 'quay', category: 'Piers', topic: 'Who lies where', threads: [{ name: 'gossip' }] },
    { name: 'mess', type: 2 },
    { name: 'hidden', deny: ['ViewChannel'] },
  ],
});

/** Each bot is in two guilds that share most of their people: one takes two pages of members. */
const NAMES = ['Contacts', 'Groups', 'All', 'Changing', 'Live', 'Blind', 'Broken', 'Restarted'] as const;
type Name = (typeof NAMES)[number];

let stage: Stage;

beforeAll(async () => {
  const guilds = NAMES.flatMap((name) => [isle(name, 1_200), isle(`${name} two`, 300)]);
  const bots = NAMES.map((name) => ({
    name,
    guilds: [name, `${name} two`],
    ...(name === 'Blind' ? { privileged: ['MessageContent'] as const } : {}),
  }));
  stage = await Stage.open({ guilds, bots });
  await stage.api.call('PATCH', '/settings', { 'sync.onConnect': false });
});
afterAll(() => stage.close());

const truthOf = (name: Name) => {
  const { token } = stage.bot(name);
  const { discord } = stage;
  return { contacts: discord.contacts(token), groups: discord.groups(token), members: discord.members(token) };
};

const expectContacts = async ({ id }: InstanceShown, name: Name): Promise<void> => {
  const stored = storedPeople(stage.api, id);
  expect(await inOrder(stored.contacts)).toEqual(await inOrder(truthOf(name).contacts));
  expect(await inOrder(stored.members)).toEqual(await inOrder(truthOf(name).members));
};

const expectGroups = async ({ id }: InstanceShown, name: Name): Promise<void> => {
  expect(await inOrder(storedPeople(stage.api, id).groups)).toEqual(await inOrder(truthOf(name).groups));
};

const sync = async ({ id }: InstanceShown, type: string): Promise<JobShown> => {
  const job = await stage.api.sync(id, { type });
  expect(job).toMatchObject({ status: 'completed', waitingFor: null });
  return job;
};

const guild = (name: string) => stage.discord.world.desk.named(name);
const person = (index: number): string => stage.discord.world.people.at(index).id;

test('a sync of contacts holds every member of every guild, and a second one changes nothing', async () => {
  const instance = await stage.connect('Contacts');
  const first = await sync(instance, 'contacts');
  await expectContacts(instance, 'Contacts');
  const contacts = [...truthOf('Contacts').contacts].length;
  expect(contacts).toBe(1_201);
  expect(first.progress).toMatchObject({ stored: contacts, updated: 0, errorCount: 0 });
  expect(first.progress.parts).toMatchObject([{ part: 'contacts', status: 'completed', gone: 0 }]);

  const second = await sync(instance, 'contacts');
  expect(second.progress).toMatchObject({ stored: 0, updated: 0, fetched: first.progress.fetched });
  await expectContacts(instance, 'Contacts');
});

test('a sync of groups holds guilds, channels and members, and a second one changes nothing', async () => {
  const instance = await stage.connect('Groups');
  const first = await sync(instance, 'groups');
  await expectGroups(instance, 'Groups');
  await expectContacts(instance, 'Groups');
  expect(first.progress.parts).toMatchObject([{ part: 'groups', status: 'completed' }]);
  const second = await sync(instance, 'groups');
  expect(second.progress).toMatchObject({ stored: 0, updated: 0, errorCount: 0 });
  await expectGroups(instance, 'Groups');
});

test('a sync of all holds people, groups and messages, part by part', async () => {
  const instance = await stage.connect('All');
  stage.discord.world.postMessage(stage.channel('All', 'quay'), { content: 'ahoy' });
  const job = await sync(instance, 'all');
  expect(job.progress.parts.map(({ part, status }) => [part, status])).toEqual([
    ['contacts', 'completed'],
    ['groups', 'completed'],
    ['messages', 'completed'],
  ]);
  await expectContacts(instance, 'All');
  await expectGroups(instance, 'All');
  expect(await stage.compare(instance)).toMatchObject({ missing: [], surplus: [] });
});

test('what was renamed, left, joined and deleted while nobody listened is as it is after the next sync, and no more rows are touched', async () => {
  const instance = await stage.connect('Changing');
  await sync(instance, 'all');
  const { world } = stage.discord;
  const silent = { silent: true };
  const [one, two] = [guild('Changing').id, guild('Changing two').id];
  const mess = stage.channel('Changing', 'mess');

  await stage.stop();
  world.desk.rename(person(11), { username: 'renamed', globalName: 'Re Named' }, silent);
  world.desk.rename(person(12), { globalName: null }, silent);
  // In no guild any more.
  world.desk.leave(one, person(700), silent);
  // Still in the other one.
  world.desk.leave(two, person(13), silent);
  const newcomer = world.desk.join(two, person(310), silent);
  world.desk.changeMember(one, person(14), { nick: 'captain', isAdmin: true }, silent);
  world.desk.change(one, { name: 'Changed', description: null, ownerId: person(15) }, silent);
  world.changeChannel(stage.channel('Changed', 'quay'), { name: 'pier', topic: 'Who comes' }, silent);
  world.deleteChannel(mess, silent);
  world.createChannel(two, { name: 'garden', topic: 'Beans' }, silent);
  await stage.start();
  await stage.reaches(instance.id, 'online');

  const contacts = await sync(instance, 'contacts');
  await expectContacts(instance, 'Changing');
  expect(contacts.progress).toMatchObject({ stored: 0, updated: 2 });
  expect(contacts.progress.parts).toMatchObject([{ gone: 1 + 2 }]);
  const groups = await sync(instance, 'groups');
  await expectGroups(instance, 'Changing');
  await expectContacts(instance, 'Changing');
  // The new channel; the renamed one, and none but it: its guild was told with the contacts.
  expect(groups.progress).toMatchObject({ stored: 1, updated: 1 });
  expect(groups.progress.parts).toMatchObject([{ gone: 1 }]);

  const shown = async <A>(path: string, query = {}) =>
    Array.fromAsync(stage.api.list<A>(`/instances/${instance.id}${path}`, { includeLeft: 'true', ...query }));
  const gone = await shown<ContactShown>('/contacts', { search: person(700) });
  expect(gone).toMatchObject([{ externalId: person(700), removedAt: expect.any(String) }]);
  const allGroups = await shown<GroupShown>('/groups');
  expect(allGroups.find(({ externalId }) => externalId === mess)).toMatchObject({ leftAt: expect.any(String) });
  const guildTwo = allGroups.find(({ externalId }) => externalId === two);
  const members = await shown<MemberShown>(`/groups/${guildTwo?.id}/members`);
  expect(members.find(({ externalId }) => externalId === person(13))).toMatchObject({ leftAt: expect.any(String) });
  expect(members.find(({ externalId }) => externalId === newcomer)).toMatchObject({
    leftAt: null,
    identityId: expect.any(String),
  });

  world.desk.join(one, person(700), silent);
  world.desk.delete(two, silent);
  const back = await sync(instance, 'contacts');
  expect(back.progress).toMatchObject({ stored: 0, updated: 1 });
  const last = await sync(instance, 'all');
  expect(last.progress.parts).toMatchObject([{ part: 'contacts' }, { part: 'groups' }, { part: 'messages' }]);
  await expectGroups(instance, 'Changing');
  await expectContacts(instance, 'Changing');
});

test('guilds and channels that change while connected are stored as they change, and asked for by nobody', async () => {
  const instance = await stage.connect('Live');
  await sync(instance, 'groups');
  const { world } = stage.discord;
  const before = stage.discord.requests.total;
  world.desk.change(guild('Live').id, { name: 'Lively', description: null });
  world.changeChannel(stage.channel('Live two', 'quay'), { topic: 'Who comes' });
  world.createChannel(guild('Live two').id, { name: 'garden', topic: 'Beans' });
  world.deleteChannel(stage.channel('Live two', 'mess'));
  await vi.waitFor(() => expectGroups(instance, 'Live'), PATIENCE);
  world.desk.delete(guild('Live two').id);
  await vi.waitFor(() => expectGroups(instance, 'Live'), PATIENCE);
  expect(stage.discord.requests.total).toBe(before);
});

test('without the privileged intent the job says which switch is off, and the other parts are done', async () => {
  const instance = await stage.connect('Blind');
  const job = await sync(instance, 'all');
  expect(job.progress.errors[0]).toMatchObject({
    reason: 'intent_missing',
    message: expect.stringContaining('Server Members Intent'),
  });
  expect(job.progress.parts.map(({ part, status }) => [part, status])).toEqual([
    ['contacts', 'incomplete'],
    ['groups', 'completed'],
    ['messages', 'completed'],
  ]);
  await expectGroups(instance, 'Blind');
  expect(stage.discord.requests.byStatus.get(403)).toBe(1);
});

test('a broken member, a bad answer and a limit on the way leave the list right, and nobody is called gone for them', async () => {
  const instance = await stage.connect('Broken');
  await sync(instance, 'contacts');
  const route = '/guilds/:guildId/members';
  stage.discord.faults.add({ kind: 'malformedMember', defect: 'noUser' }, { route });
  stage.discord.faults.add({ kind: 'status', status: 502 }, { route, skip: 1 });
  stage.discord.faults.add({ kind: 'malformedMember', defect: 'nulNames' }, { route, skip: 2 });
  stage.discord.faults.add({ kind: 'rateLimited', retryAfterMs: 200 }, { route, skip: 3 });
  const job = await sync(instance, 'contacts');
  expect(job.progress.parts).toMatchObject([{ part: 'contacts', status: 'incomplete', gone: 0 }]);
  expect(job.progress.errors.map(({ reason }) => reason)).toContain('malformed_member');
  stage.discord.faults.clear();
  await sync(instance, 'contacts');
  await expectContacts(instance, 'Broken');
});

test('a survey goes on after a restart with the page where it was', async () => {
  const instance = await stage.connect('Restarted');
  const route = '/guilds/:guildId/members';
  const held = stage.discord.faults.add({ kind: 'slow' }, { route, skip: 2 });
  const { jobId } = await stage.api.startSync(instance.id, { type: 'contacts' });
  await held.struck();
  await vi.waitFor(async () => {
    const { progress } = await stage.api.job(instance.id, jobId);
    expect(progress.fetched).toBeGreaterThanOrEqual(1_000);
  }, PATIENCE);
  const asked = stage.discord.requests.byRoute.get(route) ?? 0;
  await stage.stop();
  held.remove();
  await stage.start();
  const job = await stage.api.finished(instance.id, jobId);
  expect(job).toMatchObject({ status: 'completed', progress: { stored: 1_201, errorCount: 0 } });
  await expectContacts(instance, 'Restarted');
  // Three pages of members in all; only the one that was under way is asked for again.
  expect((stage.discord.requests.byRoute.get(route) ?? 0) - asked).toBe(1);
});
