import { describe, expect, it } from 'vitest';
import { GuildAtlas } from '../../../src/channels/discord/guild-atlas.ts';
import { discordLiveEvents, type LiveOutcome } from '../../../src/channels/discord/live-events.ts';

const GUILD = '100000000000000001';
const CHANNEL = '100000000000000002';
const THREAD = '100000000000000003';
const ROLE = '100000000000000004';
const BOT = '100000000000000005';
const SOMEBODY = '100000000000000006';
const MESSAGE = '100000000000000007';
const VIEW = String(1n << 10n);
const VIEW_AND_HISTORY = String((1n << 10n) | (1n << 16n));

const guild = {
  id: GUILD,
  owner_id: SOMEBODY,
  roles: [
    { id: GUILD, permissions: VIEW },
    { id: ROLE, permissions: VIEW_AND_HISTORY },
  ],
  members: [{ user: { id: BOT }, roles: [ROLE] }],
  channels: [{ id: CHANNEL, type: 0, name: 'general', last_message_id: null, permission_overwrites: [] }],
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

const listening = ({ isOpen = true } = {}): ((type: string, data: unknown) => LiveOutcome) => {
  const atlas = new GuildAtlas();
  atlas.botId = BOT;
  const onEvent = discordLiveEvents({ atlas, continuity: () => 'c', isOpen: () => isOpen });
  onEvent('GUILD_CREATE', guild);
  return onEvent;
};

describe('gateway events', () => {
  it('tell all conversations of a guild that comes while the session is open, and that messages may have been missed', () => {
    const atlas = new GuildAtlas();
    atlas.botId = BOT;
    const outcome = discordLiveEvents({ atlas, continuity: () => 'c', isOpen: () => true })('GUILD_CREATE', guild);
    expect(outcome.missed).toBe(true);
    expect(outcome.reports).toMatchObject([
      { type: 'conversationsChanged', conversations: [{ externalId: CHANNEL }, { externalId: THREAD }] },
    ]);
  });

  it('tell what a guild holds when the session begins, and that nothing of it was missed', () => {
    const atlas = new GuildAtlas();
    const onEvent = discordLiveEvents({ atlas, continuity: () => 'c', isOpen: () => false });
    const { reports, missed } = onEvent('GUILD_CREATE', guild);
    expect(reports).toMatchObject([{ type: 'conversationsChanged' }]);
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
