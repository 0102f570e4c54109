import { Effect } from 'effect';
import { afterEach, describe, expect, it } from 'vitest';
import { ExternalId } from '../../../src/domain/ids.ts';
import { type OpenedConnection, openConnection } from './opened-connection.ts';
import { type SparseAnswers, type SparseDiscord, startSparseDiscord } from './sparse-discord.ts';
import { type SurveyedPeople, surveyPeople } from './surveyed-people.ts';

const GUILD = '200000000000000001';
const BOT = '200000000000000006';
const SOMEBODY = '200000000000000008';
const CHANNEL = '200000000000000009';
const MEMBERS = `/guilds/${GUILD}/members`;

const answers: SparseAnswers = {
  token: 'bot-secret',
  ready: { user: { id: BOT }, session_id: 's', resume_gateway_url: 'nowhere', guilds: [] },
  routes: {
    '/users/@me/guilds': [{ id: GUILD }],
    [`/guilds/${GUILD}`]: { id: GUILD, features: 'none', name: 7 },
    [`/guilds/${GUILD}/channels`]: [{ id: CHANNEL, type: 0, topic: {}, position: 'first' }],
    [MEMBERS]: [{ user: { id: SOMEBODY } }, { user: { id: BOT, bot: true } }],
  },
};

let server: SparseDiscord;
let connection: OpenedConnection;

const connect = async (routes: SparseAnswers['routes'] = {}): Promise<void> => {
  server = await startSparseDiscord({ ...answers, routes: { ...answers.routes, ...routes } });
  connection = await openConnection({ apiUrl: server.apiUrl, token: 'bot-secret' });
  await connection.reported('connectionOpened');
};

const survey = (kind: 'contacts' | 'groups'): Promise<SurveyedPeople> =>
  surveyPeople(kind, { connection: () => connection });

afterEach(async () => {
  await connection.close();
  await server.close();
});

describe('a server that leaves out what it may', () => {
  it('has members without names, of a guild without one', async () => {
    await connect();
    const { contacts, groups, members, problems } = await survey('contacts');
    expect([...contacts.values()]).toMatchObject([
      { externalId: SOMEBODY, handle: null, names: { pushed: null }, isBot: false, metadata: {} },
      { externalId: BOT, isBot: true },
    ]);
    expect([...groups.values()]).toMatchObject([{ externalId: GUILD, name: null, memberCount: null }]);
    expect(members.map(({ role, nick }) => [role, nick])).toEqual([
      ['member', null],
      ['member', null],
    ]);
    expect(problems).toEqual([]);
  });

  it('has channels that say nothing of what they are for', async () => {
    await connect();
    const { groups } = await survey('groups');
    expect(groups.get(ExternalId.make(CHANNEL))).toMatchObject({
      name: null,
      description: null,
      metadata: { type: 'text', category: null, position: null, nsfw: false, slowmodeSeconds: 0 },
    });
  });

  it('may not say whether the intent is there: then its refusal is taken to mean that it is not', async () => {
    await connect({ [MEMBERS]: undefined });
    const { problems, pages } = await survey('contacts');
    expect(problems).toMatchObject([
      { externalId: GUILD, reason: 'intent_missing', message: expect.stringContaining('"Server Members Intent"') },
    ]);
    expect(pages.at(-1)?.completed).toEqual({ groups: false, contacts: false, membersOf: [] });
  });

  it('may tell a whole page of broken members, which ends the list with a reason', async () => {
    await connect({ [MEMBERS]: Array.from({ length: 1_000 }, () => ({})) });
    const { problems, members } = await survey('contacts');
    expect(members).toEqual([]);
    expect(problems).toHaveLength(1_001);
    expect(problems.at(-1)).toMatchObject({ externalId: GUILD, reason: 'members_incomplete' });
  });

  it('may ignore where a page is to begin, and does not lead the survey in circles', async () => {
    await connect({ [MEMBERS]: Array.from({ length: 1_000 }, (_, at) => ({ user: { id: `${300_000 + at}` } })) });
    const { problems, contacts, pages } = await survey('contacts');
    expect(contacts.size).toBe(1_000);
    expect(problems).toMatchObject([{ reason: 'members_incomplete' }]);
    expect(pages.at(-1)?.completed.contacts).toBe(false);
    expect(server.asked.filter((path) => path.startsWith(MEMBERS))).toHaveLength(2);
  });

  it('tells who writes directly, whom no list names: at once, and at the end of every survey', async () => {
    await connect();
    const partner = { id: '200000000000000099', username: 'passer-by', global_name: 'Passer By' };
    const message = { id: '200000000000000100', channel_id: '200000000000000101', content: 'ahoy', author: partner };
    server.send({ op: 0, s: 2, t: 'MESSAGE_CREATE', d: message });
    const { contacts: arrived } = await connection.reported('contactsArrived');
    expect(arrived).toMatchObject([{ externalId: partner.id, handle: 'passer-by', names: { pushed: 'Passer By' } }]);
    const { contacts, pages } = await survey('contacts');
    expect(contacts.get(ExternalId.make(partner.id))).toEqual(arrived[0]);
    expect(pages.at(-1)?.completed.contacts).toBe(true);
  });

  it('fails where the list of guilds is none', async () => {
    await connect({ '/users/@me/guilds': { name: 'nameless' } });
    const failure = await Effect.runPromise(Effect.flip(connection.contacts.read({ cursor: null, withMembers: true })));
    expect(failure._tag).toBe('BadAnswer');
  });
});
