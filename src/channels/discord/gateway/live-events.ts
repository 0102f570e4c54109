import { ChannelType, GatewayDispatchEvents as Dispatch } from 'discord.js';
import type { ListedConversation } from '../../../domain/conversation.ts';
import type { ListedGroup } from '../../../domain/group.ts';
import type { ConnectionReport } from '../../channel.ts';
import { channelGroups, groupsOfChange, guildGroup, isGroup } from '../guilds/group-mapping.ts';
import type { GuildAtlas } from '../guilds/guild-atlas.ts';
import { legibleBits } from '../guilds/permissions.ts';
import { type ApiChannel, isConversation, isThread, readChannel } from '../mapping/api-channel.ts';
import { anchorOf, conversationOf } from '../mapping/conversation-mapping.ts';
import { type ApiMessage, messageOf, readMessage, tellsText } from '../mapping/message-mapping.ts';
import { authorOf, contactOf } from '../mapping/user-mapping.ts';
import {
  readDeletion,
  readGuild,
  readIdentified,
  readMemberUpdate,
  readNewThread,
  readRoleChange,
  readThreadList,
  roleIn,
} from './live-packets.ts';

/** What an event comes to. */
export interface LiveOutcome {
  readonly reports: readonly ConnectionReport[];
  /** True when messages may have been written that we were not told of: the stream of live messages is broken here. */
  readonly missed: boolean;
}

const NOTHING: LiveOutcome = { reports: [], missed: false };
const MISSED: LiveOutcome = { reports: [], missed: true };

const changed = (conversations: readonly ListedConversation[], missed = false): LiveOutcome => ({
  reports: conversations.length === 0 ? [] : [{ type: 'conversationsChanged', conversations }],
  missed,
});
const removed = (ids: readonly string[]): LiveOutcome => ({
  reports: ids.length === 0 ? [] : [{ type: 'conversationsRemoved', externalIds: ids }],
  missed: false,
});

/**
 * The same outcome, and what it means for the groups: members are told by surveys, for which Discord wants no intent
 * here.
 */
const withGroups = (outcome: LiveOutcome, groups: readonly ListedGroup[]): LiveOutcome =>
  groups.length === 0
    ? outcome
    : { ...outcome, reports: [...outcome.reports, { type: 'groupsChanged', groups, members: [] }] };
const withGroupsLeft = (outcome: LiveOutcome, externalIds: readonly string[]): LiveOutcome =>
  externalIds.length === 0
    ? outcome
    : { ...outcome, reports: [...outcome.reports, { type: 'groupsLeft', externalIds }] };

interface LiveOf {
  readonly atlas: GuildAtlas;
  readonly continuity: () => string;
  /** True while a session begins: then GUILD_CREATE tells what was there before, not what changed. */
  readonly isBeginning: () => boolean;
}

/** Turns gateway events into reports, and keeps the atlas up to date. Works without any cache of messages. */
export const discordLiveEvents = ({ atlas, continuity, isBeginning }: LiveOf) => {
  /** The channel of a message; a direct one, or one never heard of, is described by the message itself. */
  const conversationFor = (message: ApiMessage, channelId: string): ListedConversation => {
    const known = atlas.channel(channelId);
    if (known !== null) return atlas.conversation(known);
    const isDirect = message.guild_id == null;
    const partner = message.author?.id === atlas.botId ? null : (message.author?.username ?? null);
    const type = isDirect ? ChannelType.DM : (message.channel_type ?? ChannelType.GuildText);
    return conversationOf({ id: channelId, type, guild_id: message.guild_id, name: isDirect ? partner : null }, null);
  };

  /** Who writes directly may share no guild with the bot, and then no list names them. */
  const partnerMet = (message: ApiMessage, data: unknown): readonly ConnectionReport[] => {
    const isPartner = message.guild_id == null && message.author != null && message.author.id !== atlas.botId;
    const user = isPartner && message.webhook_id == null ? authorOf(data) : null;
    return user !== null && atlas.meet(user) ? [{ type: 'contactsArrived', contacts: [contactOf(user)] }] : [];
  };

  const messageCreated = (data: unknown): LiveOutcome => {
    const read = readMessage(data);
    if (typeof read === 'string' || read.channel_id == null) return MISSED;
    const known = atlas.channel(read.channel_id);
    if (known?.guild_id) atlas.put(known.guild_id, { ...known, last_message_id: read.id });
    const described = conversationFor(read, read.channel_id);
    const conversation = described.kind === 'direct' ? described : { ...described, newest: anchorOf(read.id) };
    const messages = [{ conversation, message: messageOf(read, data, atlas.botId) }];
    return {
      reports: [{ type: 'messagesArrived', continuity: continuity(), messages }, ...partnerMet(read, data)],
      missed: false,
    };
  };

  const messageUpdated = (data: unknown): LiveOutcome => {
    const read = readMessage(data);
    if (typeof read === 'string' || read.channel_id == null || !tellsText(read)) return NOTHING;
    const messages = [
      { conversation: conversationFor(read, read.channel_id), message: messageOf(read, data, atlas.botId) },
    ];
    return { reports: [{ type: 'messagesEdited', messages }], missed: false };
  };

  const messagesDeleted = (data: unknown): LiveOutcome => {
    const read = readDeletion(data);
    const externalIds = read === null ? [] : [...(read.ids ?? []), ...(read.id === undefined ? [] : [read.id])];
    if (read === null || externalIds.length === 0) return NOTHING;
    return {
      reports: [{ type: 'messagesDeleted', conversationExternalId: read.channel_id, externalIds }],
      missed: false,
    };
  };

  /** Applies a change of who may see what, and tells of the conversations for which that made a difference. */
  const withAccess = (guildId: string, change: () => void): LiveOutcome => {
    const before = new Map(atlas.conversations(guildId).map(({ externalId, unreadable }) => [externalId, unreadable]));
    change();
    const differing = atlas
      .conversations(guildId)
      .filter(({ externalId, unreadable }) => before.get(externalId) !== unreadable);
    return changed(
      differing,
      differing.some(({ externalId, unreadable }) => unreadable === null && before.get(externalId) != null),
    );
  };

  /** A channel is told with its guild, which nobody may have listed yet. */
  const guildRow = (guildId: string): readonly ListedGroup[] => {
    const known = atlas.guild(guildId);
    return known.described ? [guildGroup(known)] : [];
  };

  const channelChanged = (data: unknown): LiveOutcome => {
    const channel = readChannel(data);
    const guildId = channel?.guild_id;
    if (channel === null || guildId == null) return NOTHING;
    const former = atlas.channel(channel.id);
    const access = withAccess(guildId, () => atlas.put(guildId, keepNewest(channel, former)));
    const itself = isConversation(channel) ? [atlas.conversation(atlas.channel(channel.id) ?? channel)] : [];
    const others = access.reports.flatMap((report) =>
      report.type === 'conversationsChanged' ? report.conversations : [],
    );
    const outcome = changed(
      [...itself, ...others.filter(({ externalId }) => externalId !== channel.id)],
      access.missed,
    );
    const groups = groupsOfChange(atlas, atlas.channel(channel.id) ?? channel);
    return withGroups(outcome, groups.length === 0 ? [] : [...guildRow(guildId), ...groups]);
  };

  const channelDeleted = (data: unknown): LiveOutcome => {
    const id = readIdentified(data)?.id;
    if (id === undefined) return NOTHING;
    const channel = atlas.channel(id) ?? readChannel(data);
    const guildId = channel?.guild_id;
    const threads = guildId
      ? atlas.channelsOf(guildId).filter((other) => isThread(other) && other.parent_id === id)
      : [];
    const gone = [id, ...threads.map((thread) => thread.id)];
    for (const one of gone) atlas.forget(one);
    return withGroupsLeft(removed(gone), channel !== null && isGroup(channel) ? [id] : []);
  };

  const threadChanged = (data: unknown, isNews: boolean): LiveOutcome => {
    const thread = readChannel(data);
    if (thread?.guild_id == null) return NOTHING;
    const placed = atlas.put(thread.guild_id, keepNewest(thread, atlas.channel(thread.id)));
    const outcome = changed([atlas.conversation(placed)], isNews && readNewThread(data)?.newly_created !== true);
    if (thread.thread_metadata?.archived === true) atlas.forget(thread.id);
    return outcome;
  };

  const threadsListed = (data: unknown): LiveOutcome => {
    const list = readThreadList(data);
    const threads = (list?.threads ?? [])
      .map((thread) => readChannel(thread, list?.guild_id))
      .filter((thread) => thread !== null);
    return changed(
      threads.map((thread) => atlas.conversation(atlas.put(thread.guild_id ?? '', thread))),
      true,
    );
  };

  const guildCreated = (data: unknown): LiveOutcome => {
    const guild = readGuild(data);
    if (guild === null) return NOTHING;
    if (guild.unavailable === true) {
      atlas.guild(guild.id).unavailable = true;
      return NOTHING;
    }
    atlas.learnGuild(guild);
    // At the beginning of a session this says for free what came while nobody was connected. Groups wait for their
    // survey then: only a guild that the bot joins while it listens is news.
    const isNews = !isBeginning();
    const outcome = changed(atlas.conversations(guild.id), isNews);
    return isNews ? withGroups(outcome, [...guildRow(guild.id), ...channelGroups(atlas, guild.id)]) : outcome;
  };

  const guildUpdated = (data: unknown): LiveOutcome => {
    const guild = readGuild(data);
    if (guild === null) return NOTHING;
    const outcome = withAccess(guild.id, () => atlas.learnGuild(guild));
    return withGroups(outcome, guildRow(guild.id));
  };

  const guildDeleted = (data: unknown): LiveOutcome => {
    const guild = readGuild(data);
    if (guild === null) return NOTHING;
    // An unavailable guild is down, not gone.
    if (guild.unavailable === true) {
      atlas.guild(guild.id).unavailable = true;
      return NOTHING;
    }
    const ids = atlas.conversations(guild.id).map(({ externalId }) => externalId);
    const channels = atlas.channelsOf(guild.id).filter(isGroup);
    atlas.forgetGuild(guild.id);
    return withGroupsLeft(removed(ids), [guild.id, ...channels.map(({ id }) => id)]);
  };

  const roleChanged = (data: unknown): LiveOutcome => {
    const change = readRoleChange(data);
    if (change === null || !atlas.has(change.guild_id)) return NOTHING;
    const { roles } = atlas.guild(change.guild_id);
    const role = roleIn(change.role);
    return withAccess(change.guild_id, () => {
      if (role !== null) roles?.set(role.id, legibleBits(role.permissions));
      if (change.role_id !== undefined) roles?.delete(change.role_id);
    });
  };

  const memberUpdated = (data: unknown): LiveOutcome => {
    const member = readMemberUpdate(data);
    if (member?.user?.id !== atlas.botId || !atlas.has(member.guild_id)) return NOTHING;
    return withAccess(member.guild_id, () => {
      atlas.guild(member.guild_id).botRoles = member.roles;
    });
  };

  const handlers = new Map<string, (data: unknown) => LiveOutcome>([
    [Dispatch.MessageCreate, messageCreated],
    [Dispatch.MessageUpdate, messageUpdated],
    [Dispatch.MessageDelete, messagesDeleted],
    [Dispatch.MessageDeleteBulk, messagesDeleted],
    [Dispatch.ChannelCreate, channelChanged],
    [Dispatch.ChannelUpdate, channelChanged],
    [Dispatch.ChannelDelete, channelDeleted],
    [Dispatch.ThreadCreate, (data) => threadChanged(data, true)],
    [Dispatch.ThreadUpdate, (data) => threadChanged(data, false)],
    [Dispatch.ThreadDelete, channelDeleted],
    [Dispatch.ThreadListSync, threadsListed],
    [Dispatch.GuildCreate, guildCreated],
    [Dispatch.GuildUpdate, guildUpdated],
    [Dispatch.GuildDelete, guildDeleted],
    [Dispatch.GuildRoleCreate, roleChanged],
    [Dispatch.GuildRoleUpdate, roleChanged],
    [Dispatch.GuildRoleDelete, roleChanged],
    [Dispatch.GuildMemberUpdate, memberUpdated],
  ]);

  return (type: string, data: unknown): LiveOutcome => handlers.get(type)?.(data) ?? NOTHING;
};

/** Updates of a channel may leave out its newest message; that does not make it empty. */
const keepNewest = (channel: ApiChannel, former: ApiChannel | null): ApiChannel =>
  channel.last_message_id == null && former?.last_message_id != null
    ? { ...channel, last_message_id: former.last_message_id }
    : channel;
