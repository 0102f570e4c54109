import { discordTime } from '../snowflake.ts';
import { CATEGORY, isForum, isPrivateThread, isVoice } from './channel.ts';
import type { Channel, ThreadState } from './guild.ts';

/** https://discord.com/developers/docs/resources/channel#channel-object */
export const channelObject = (channel: Channel, botId: string): Record<string, unknown> =>
  channel.thread === null ? guildChannelObject(channel) : threadObject(channel, channel.thread, botId);

const lastMessageId = (channel: Channel): string | null => {
  if (channel.log !== null) return channel.log.lastId === null ? null : String(channel.log.lastId);
  // A forum names its newest thread there.
  const newest = channel.guild.threadsOf(channel).reduce((last, { id }) => (BigInt(id) > last ? BigInt(id) : last), 0n);
  return newest === 0n ? null : String(newest);
};

const guildChannelObject = (channel: Channel): Record<string, unknown> => ({
  id: channel.id,
  type: channel.type,
  ...(channel.type === CATEGORY
    ? {}
    : { last_message_id: lastMessageId(channel), topic: channel.topic, rate_limit_per_user: 0, nsfw: channel.nsfw }),
  ...(isVoice(channel) ? { bitrate: 64_000, user_limit: 0, rtc_region: null } : {}),
  ...(isForum(channel)
    ? {
        available_tags: [],
        default_reaction_emoji: null,
        default_sort_order: null,
        default_forum_layout: 0,
        template: '',
      }
    : {}),
  flags: 0,
  guild_id: channel.guild.id,
  name: channel.name,
  parent_id: channel.parent?.id ?? null,
  position: channel.position,
  permission_overwrites: channel.overwrites.map(({ id, type, allow, deny }) => ({
    id,
    type,
    allow: String(allow),
    deny: String(deny),
  })),
});

const threadObject = (channel: Channel, thread: ThreadState, botId: string): Record<string, unknown> => {
  const messages = channel.log?.places ?? 0;
  return {
    id: channel.id,
    type: channel.type,
    last_message_id: lastMessageId(channel),
    flags: 0,
    guild_id: channel.guild.id,
    name: channel.name,
    parent_id: channel.parent?.id ?? null,
    rate_limit_per_user: 0,
    owner_id: channel.guild.ownerId,
    thread_metadata: {
      archived: thread.archivedAt !== null,
      archive_timestamp: discordTime(thread.archivedAt ?? thread.createdAt),
      auto_archive_duration: 4_320,
      locked: false,
      create_timestamp: discordTime(thread.createdAt),
      ...(isPrivateThread(channel) ? { invitable: true } : {}),
    },
    message_count: channel.log?.size ?? 0,
    member_count: 1 + thread.joined.size,
    total_message_sent: messages,
    ...(channel.parent !== null && isForum(channel.parent) ? { applied_tags: [] } : {}),
    ...(thread.joined.has(botId) ? { member: threadMember(channel, thread, botId) } : {}),
  };
};

/** https://discord.com/developers/docs/resources/channel#thread-member-object */
export const threadMember = (channel: Channel, thread: ThreadState, botId: string): Record<string, unknown> => ({
  id: channel.id,
  user_id: botId,
  join_timestamp: discordTime(thread.createdAt),
  flags: 1,
});
