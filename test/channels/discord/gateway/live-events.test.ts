import { describe, expect, it } from 'vitest';
import { discordLiveEvents, type LiveOutcome } from '../../../../src/channels/discord/gateway/live-events.ts';
import { GuildAtlas } from '../../../../src/channels/discord/guilds/guild-atlas.ts';

const GUILD = '100000000000000001';
const CHANNEL = '100000000000000002';
const THREAD = '100000000000000003';
const ROLE = '100000000000000004';
const BOT = '100000000000000005';
const SOMEBODY = '100000000000000006';
const MESSAGE = '100000000000000007';
const CATEGORY = '100000000000000008';
const VIEW = String(1n << 10n);
const VIEW_AND_HISTORY = String((1n << 10n) | (1n << 16n));

const guild = {
  id: GUILD,
  name: 'Port',
  description: 'Where ships go',
  member_count: 2,
  owner_id: SOMEBODY,
  roles: [
    { id: GUILD, permissions: VIEW },
    { id: ROLE, permissions: VIEW_AND_HISTORY },
  ],
  members: [{ user: { id: BOT }, roles: [ROLE] }],
  channels: [
    { id: CATEGORY, type: 4, name: 'Piers' },
    {
      id: CHANNEL,
      type: 0,
      name: 'general',
      topic: 'Everything',
      parent_id: CATEGORY,
      last_message_id: null,
      permission_overwrites: [],
    },
  ],
  threads: [{ id: THREAD, type: 11, name: 'lunch', parent_id: CHANNEL, last_message_id: null }],
};

const message = {
  id: MESSAGE,
  channel_id: CHANNEL,
  guild_id: GUILD,
  type: 0,
  content: 'ahoy',
  timestamp: '2026-01-01T00:00:00.000000+00:00',
  edited_timestamp: null,
  author: { id: SOMEBODY, username: 'somebody' },
};

const listening = ({ isBeginning = false } = {}): ((type: string, data: unknown) => LiveOutcome) => {
  const atlas = new GuildAtlas();
  atlas.botId = BOT;
  const onEvent = discordLiveEvents({ atlas, continuity: () => 'c', isBeginning: () => isBeginning });
  onEvent('GUILD_CREATE', guild);
  return onEvent;
};

describe('gateway events', () => {
  it('tell all conversations of a guild that comes while the session is open, and that messages may have been missed', () => {
    const atlas = new GuildAtlas();
    atlas.botId = BOT;
    const outcome = discordLiveEvents({ atlas, continuity: () => 'c', isBeginning: () => false })(
      'GUILD_CREATE',
      guild,
    );
    expect(outcome.missed).toBe(true);
    expect(outcome.reports).toMatchObject([
      { type: 'conversationsChanged', conversations: [{ externalId: CHANNEL }, { externalId: THREAD }] },
      {
        type: 'groupsChanged',
        groups: [
          { externalId: GUILD, kind: 'guild' },
          { externalId: CHANNEL, kind: 'channel' },
        ],
      },
    ]);
  });

  it('tell what a guild holds when the session begins, and that nothing of it was missed', () => {
    const atlas = new GuildAtlas();
    const onEvent = discordLiveEvents({ atlas, continuity: () => 'c', isBeginning: () => true });
    const { reports, missed } = onEvent('GUILD_CREATE', guild);
    expect(reports).toMatchObject([{ type: 'conversationsChanged' }]);
    expect(reports).toHaveLength(1);
    expect(missed).toBe(false);
  });

  it('that only fill in an embed do not count as edits', () => {
    const outcome = listening()('MESSAGE_UPDATE', {
      id: MESSAGE,
      channel_id: CHANNEL,
      guild_id: GUILD,
      embeds: [{ title: 'A page' }],
    });
    expect(outcome.reports).toEqual([]);
  });

  it('that tell little more than the new text do count', () => {
    const data = {
      id: MESSAGE,
      channel_id: CHANNEL,
      guild_id: GUILD,
      content: 'ahoy!',
      edited_timestamp: '2026-01-02T00:00:00Z',
    };
    expect(listening()('MESSAGE_UPDATE', data).reports).toMatchObject([
      {
        type: 'messagesEdited',
        messages: [{ message: { externalId: MESSAGE, text: 'ahoy!', editedAt: Date.UTC(2026, 0, 2) } }],
      },
    ]);
  });

  it('that bring a message nobody can read break the continuity instead of losing it silently', () => {
    expect(listening()('MESSAGE_CREATE', { ...message, id: 7 })).toEqual({ reports: [], missed: true });
  });

  it('name a direct conversation after its partner', () => {
    const { guild_id: _, ...direct } = message;
    const { reports } = listening()('MESSAGE_CREATE', { ...direct, channel_id: '100000000000000099' });
    expect(reports).toMatchObject([
      {
        type: 'messagesArrived',
        messages: [{ conversation: { kind: 'direct', name: 'somebody', parentExternalId: null } }],
      },
      { type: 'contactsArrived', contacts: [{ externalId: SOMEBODY, handle: 'somebody' }] },
    ]);
  });

  it('name the newest message of a channel, and not of a direct conversation, of which no list names it again', () => {
    const { guild_id: _, ...direct } = message;
    const [inChannel, inDirect] = [message, { ...direct, channel_id: '100000000000000099' }].map((one) => {
      const [report] = listening()('MESSAGE_CREATE', one).reports;
      return report?.type === 'messagesArrived' ? report.messages[0]?.conversation : undefined;
    });
    expect(inChannel).toMatchObject({ newest: { id: MESSAGE } });
    expect(inDirect).toMatchObject({ kind: 'direct' });
    expect(inDirect).not.toHaveProperty('newest');
  });

  it.each<[string, object]>([
    ["everyone's role", { roles: [{ id: GUILD }, { id: ROLE, permissions: VIEW_AND_HISTORY }] }],
    [
      'a role of the bot',
      {
        roles: [
          { id: GUILD, permissions: '0' },
          { id: ROLE, permissions: {} },
        ],
      },
    ],
    ['no role at all', { roles: [null, { permissions: VIEW }] }],
  ])('that leave out what %s may do make no channel unreadable', (_what, change) => {
    const { reports } = listening()('GUILD_CREATE', { ...guild, ...change });
    const [told] = reports;
    expect(told?.type === 'conversationsChanged' && told.conversations.map(({ unreadable }) => unreadable)).toEqual([
      null,
      null,
    ]);
  });

  it('tell of a role that is gone as one that grants nothing', () => {
    const onEvent = listening();
    const { reports } = onEvent('GUILD_ROLE_DELETE', { guild_id: GUILD, role_id: ROLE });
    expect(reports).toMatchObject([
      { type: 'conversationsChanged', conversations: [{ unreadable: 'Read Message History is missing.' }, {}] },
    ]);
  });

  it('tell of a direct partner once, and again when the name is another', () => {
    const { guild_id: _, ...direct } = message;
    const onEvent = listening();
    const typesAfter = (global_name: string) =>
      onEvent('MESSAGE_CREATE', { ...direct, author: { ...message.author, global_name } }).reports.map(
        ({ type }) => type,
      );
    expect(typesAfter('Some Body')).toEqual(['messagesArrived', 'contactsArrived']);
    expect(typesAfter('Some Body')).toEqual(['messagesArrived']);
    expect(typesAfter('Any Body')).toEqual(['messagesArrived', 'contactsArrived']);
  });

  it('name no contact for what a webhook or the bot itself writes', () => {
    const { guild_id: _, ...direct } = message;
    const onEvent = listening();
    for (const other of [
      { ...direct, webhook_id: SOMEBODY },
      { ...direct, author: { id: BOT, username: 'me' } },
      { ...direct, author: null },
    ]) {
      expect(onEvent('MESSAGE_CREATE', other).reports.map(({ type }) => type)).toEqual(['messagesArrived']);
    }
  });

  it('about a channel tell the group that it is, with its guild', () => {
    const channel = { id: CHANNEL, type: 0, name: 'general', topic: 'Ships', parent_id: CATEGORY, guild_id: GUILD };
    const groups = listening()('CHANNEL_UPDATE', channel).reports.find(({ type }) => type === 'groupsChanged');
    expect(groups).toEqual({
      type: 'groupsChanged',
      groups: [
        expect.objectContaining({ externalId: GUILD, name: 'Port', memberCount: 2, ownerExternalId: SOMEBODY }),
        {
          externalId: CHANNEL,
          kind: 'channel',
          parentExternalId: GUILD,
          name: 'general',
          description: 'Ships',
          ownerExternalId: null,
          createdAt: 1_443_912_257_910,
          memberCount: null,
          metadata: { type: 'text', category: 'Piers', position: null, nsfw: false, slowmodeSeconds: 0 },
        },
      ],
      members: [],
    });
  });

  it('about a category tell the channels under it', () => {
    const renamed = { id: CATEGORY, type: 4, name: 'Docks', guild_id: GUILD };
    expect(listening()('CHANNEL_UPDATE', renamed).reports).toMatchObject([
      { type: 'groupsChanged', groups: [{ kind: 'guild' }, { externalId: CHANNEL, metadata: { category: 'Docks' } }] },
    ]);
  });

  it('about a guild tell what it is called now, and leave alone what they do not tell', () => {
    const { reports } = listening()('GUILD_UPDATE', { id: GUILD, name: 'Haven' });
    expect(reports).toMatchObject([
      { type: 'groupsChanged', groups: [{ externalId: GUILD, name: 'Haven', description: 'Where ships go' }] },
    ]);
  });

  it('about a channel that is gone tell that the group is; a thread never was one', () => {
    const onEvent = listening();
    const thread = { id: THREAD, type: 11, guild_id: GUILD, parent_id: CHANNEL };
    expect(onEvent('THREAD_DELETE', thread).reports.map(({ type }) => type)).toEqual(['conversationsRemoved']);
    expect(onEvent('CHANNEL_DELETE', { id: CHANNEL, type: 0, guild_id: GUILD }).reports).toMatchObject([
      { type: 'conversationsRemoved' },
      { type: 'groupsLeft', externalIds: [CHANNEL] },
    ]);
  });

  it('that take a role from the bot make channels and their threads unreadable, and the same role given back readable', () => {
    const onEvent = listening();
    const taken = onEvent('GUILD_MEMBER_UPDATE', { guild_id: GUILD, user: { id: BOT }, roles: [] });
    const why = 'Read Message History is missing.';
    expect(taken).toMatchObject({
      missed: false,
      reports: [{ conversations: [{ unreadable: why }, { unreadable: why }] }],
    });
    const given = onEvent('GUILD_MEMBER_UPDATE', { guild_id: GUILD, user: { id: BOT }, roles: [ROLE] });
    expect(given).toMatchObject({
      missed: true,
      reports: [{ conversations: [{ unreadable: null }, { unreadable: null }] }],
    });
  });

  it('about other members and unchanged roles tell nothing', () => {
    const onEvent = listening();
    expect(onEvent('GUILD_MEMBER_UPDATE', { guild_id: GUILD, user: { id: SOMEBODY }, roles: [] }).reports).toEqual([]);
    expect(
      onEvent('GUILD_ROLE_UPDATE', { guild_id: GUILD, role: { id: ROLE, permissions: VIEW_AND_HISTORY } }).reports,
    ).toEqual([]);
  });

  it('that change a role tell the conversations for which it makes a difference', () => {
    const { reports } = listening()('GUILD_ROLE_UPDATE', { guild_id: GUILD, role: { id: ROLE, permissions: VIEW } });
    expect(reports).toMatchObject([{ conversations: [{ externalId: CHANNEL }, { externalId: THREAD }] }]);
  });

  it('tell a guild that is down from one that is gone', () => {
    const onEvent = listening();
    expect(onEvent('GUILD_DELETE', { id: GUILD, unavailable: true }).reports).toEqual([]);
    expect(onEvent('GUILD_DELETE', { id: GUILD }).reports).toMatchObject([
      { type: 'conversationsRemoved', externalIds: [CHANNEL, THREAD] },
      { type: 'groupsLeft', externalIds: [GUILD, CHANNEL] },
    ]);
  });

  it('about being let into a private thread say that its messages were missed', () => {
    const thread = { id: '100000000000000042', type: 12, name: 'secret', guild_id: GUILD, parent_id: CHANNEL };
    expect(listening()('THREAD_CREATE', thread).missed).toBe(true);
    expect(listening()('THREAD_CREATE', { ...thread, newly_created: true }).missed).toBe(false);
  });

  it.each([
    'MESSAGE_CREATE',
    'MESSAGE_UPDATE',
    'MESSAGE_DELETE',
    'MESSAGE_DELETE_BULK',
    'CHANNEL_CREATE',
    'CHANNEL_UPDATE',
    'CHANNEL_DELETE',
    'THREAD_CREATE',
    'THREAD_UPDATE',
    'THREAD_DELETE',
    'THREAD_LIST_SYNC',
    'GUILD_CREATE',
    'GUILD_UPDATE',
    'GUILD_DELETE',
    'GUILD_ROLE_CREATE',
    'GUILD_ROLE_DELETE',
    'GUILD_MEMBER_UPDATE',
    'NEWS_OF_TOMORROW',
    'constructor',
  ])('of type %s may carry nonsense', (type) => {
    for (const nonsense of [null, undefined, 7, 'x', [], {}, { id: 'x' }, { id: null, guild_id: [] }]) {
      expect(listening()(type, nonsense).reports).toEqual([]);
    }
  });
});
