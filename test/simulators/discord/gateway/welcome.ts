import { discordTime } from '../snowflake.ts';
import { canView } from '../world/access.ts';
import type { Bot } from '../world/bot.ts';
import { channelObject } from '../world/channel-object.ts';
import type { Guild } from '../world/guild.ts';
import { guildObject } from '../world/guild-object.ts';
import type { Session } from './session.ts';

/** https://discord.com/developers/docs/events/gateway-events#ready */
export const readyData = (session: Session, guilds: readonly Guild[], resumeUrl: string): string => {
  const { bot, shard } = session;
  return JSON.stringify({
    v: 10,
    user: { ...(JSON.parse(bot.user.json) as object), verified: true, mfa_enabled: true, email: null },
    user_settings: {},
    session_type: 'normal',
    session_id: session.id,
    resume_gateway_url: resumeUrl,
    relationships: [],
    private_channels: [],
    presences: [],
    guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
    guild_join_requests: [],
    geo_ordered_rtc_regions: ['us-central'],
    game_relationships: [],
    auth: {},
    application: { id: bot.id, flags: bot.applicationFlags },
    shard: [shard.id, shard.count],
    _trace: [],
  });
};

/**
 * https://discord.com/developers/docs/events/gateway-events#guild-create; hidden channels are named, hidden threads
 * not.
 */
export const guildCreateData = (guild: Guild, bot: Bot): string => {
  const all = [...guild.channels.values()];
  const active = all.filter((channel) => channel.thread?.archivedAt === null && canView(bot, channel));
  return JSON.stringify({
    ...guildObject(guild),
    joined_at: discordTime(guild.createdAt),
    large: guild.memberCount > 250,
    unavailable: false,
    member_count: guild.memberCount,
    voice_states: [],
    members: [JSON.parse(guild.botMember(bot))],
    channels: all.filter(({ thread }) => thread === null).map((channel) => channelObject(channel, bot.id)),
    threads: active.map((thread) => channelObject(thread, bot.id)),
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  });
};
