import { threadList } from '../rest/channel-routes.ts';
import { discordTime } from '../snowflake.ts';
import { canView } from '../world/access.ts';
import type { Bot } from '../world/bot.ts';
import { channelObject } from '../world/channel-object.ts';
import type { Channel } from '../world/guild.ts';
import { guildObject } from '../world/guild-object.ts';
import { messageJson } from '../world/message.ts';
import type { WorldEvent } from '../world/world-event.ts';
import { INTENT } from './protocol.ts';
import type { Session } from './session.ts';
import { guildCreateData } from './welcome.ts';

type Of<Type extends WorldEvent['type']> = Extract<WorldEvent, { readonly type: Type }>;

/** Tells a session of what happened, if its intents and its bot's permissions let it know. */
export const tell = (session: Session, event: WorldEvent): void => {
  if (!session.covers('guild' in event ? event.guild : event.channel.guild)) return;
  switch (event.type) {
    case 'messageCreated':
    case 'messageUpdated':
      tellMessage(session, event);
      break;
    case 'messagesDeleted':
      tellDeletedMessages(session, event);
      break;
    case 'channelCreated':
      tellNewChannel(session, event);
      break;
    case 'channelUpdated':
      tellChangedChannel(session, event);
      break;
    case 'channelDeleted':
      tellDeletedChannel(session, event);
      break;
    case 'guildCreated':
    case 'guildUpdated':
    case 'guildDeleted':
    case 'guildWentDown':
      tellGuild(session, event);
      break;
    case 'memberAdded':
    case 'memberUpdated':
    case 'memberRemoved':
      tellMember(session, event);
      break;
  }
};

/** https://discord.com/developers/docs/events/gateway-events#guilds; a guild that is only down is marked so. */
const tellGuild = (
  session: Session,
  { type, guild }: Of<'guildCreated' | 'guildUpdated' | 'guildDeleted' | 'guildWentDown'>,
): void => {
  if (!session.wants(INTENT.Guilds)) return;
  if (type === 'guildCreated') session.dispatch('GUILD_CREATE', guildCreateData(guild, session.bot));
  else if (type === 'guildUpdated') session.dispatch('GUILD_UPDATE', JSON.stringify(guildObject(guild)));
  else {
    const down = type === 'guildWentDown' ? { unavailable: true } : {};
    session.dispatch('GUILD_DELETE', JSON.stringify({ id: guild.id, ...down }));
  }
};

const MEMBER_EVENTS = {
  memberAdded: 'GUILD_MEMBER_ADD',
  memberUpdated: 'GUILD_MEMBER_UPDATE',
  memberRemoved: 'GUILD_MEMBER_REMOVE',
} as const;

const tellMember = (
  session: Session,
  { type, guild, user }: Of<'memberAdded' | 'memberUpdated' | 'memberRemoved'>,
): void => {
  if (!session.wants(INTENT.GuildMembers)) return;
  const member =
    type === 'memberRemoved' ? { user: JSON.parse(user.json) } : JSON.parse(guild.member(BigInt(user.id)) ?? '{}');
  session.dispatch(MEMBER_EVENTS[type], JSON.stringify({ guild_id: guild.id, ...member }));
};

const tellMessage = (session: Session, event: Of<'messageCreated' | 'messageUpdated'>): void => {
  const { channel, message } = event;
  if (!session.wants(INTENT.GuildMessages) || !session.sees(channel)) return;
  const joined = discordTime(channel.guild.createdAt);
  const member = `{"roles":[],"joined_at":"${joined}","nick":null,"avatar":null,"banner":null,"premium_since":null,"pending":false,"flags":0,"deaf":false,"mute":false,"communication_disabled_until":null}`;
  const extras = `,"guild_id":"${channel.guild.id}","channel_type":${channel.type},"member":${member}`;
  const data = messageJson(message, channel.id, channel.guild.id, session.reader, extras);
  session.dispatch(event.type === 'messageCreated' ? 'MESSAGE_CREATE' : 'MESSAGE_UPDATE', data);
};

const tellDeletedMessages = (session: Session, { channel, ids, bulk }: Of<'messagesDeleted'>): void => {
  if (!session.wants(INTENT.GuildMessages) || !session.sees(channel)) return;
  const where = { channel_id: channel.id, guild_id: channel.guild.id };
  if (bulk) session.dispatch('MESSAGE_DELETE_BULK', JSON.stringify({ ids, ...where }));
  else for (const id of ids) session.dispatch('MESSAGE_DELETE', JSON.stringify({ id, ...where }));
};

const tellNewChannel = (session: Session, { channel }: Of<'channelCreated'>): void => {
  if (!session.wants(INTENT.Guilds) || !session.sees(channel)) return;
  const newly = channel.thread === null ? {} : { newly_created: true };
  session.dispatch(
    eventName(channel, 'CREATE'),
    JSON.stringify({ ...channelObject(channel, session.bot.id), ...newly }),
  );
};

/** Also who could see it before is told, or it would never learn that it lost the channel. */
const tellChangedChannel = (session: Session, { channel, seenBefore }: Of<'channelUpdated'>): void => {
  const saw = seenBefore.has(session.bot);
  const sees = canView(session.bot, channel);
  if (!session.wants(INTENT.Guilds) || (!saw && !sees)) return;
  session.dispatch(eventName(channel, 'UPDATE'), JSON.stringify(channelObject(channel, session.bot.id)));
  if (sees && !saw && channel.thread === null) session.dispatch('THREAD_LIST_SYNC', threadsOf(channel, session.bot));
};

const tellDeletedChannel = (session: Session, { channel, seenBefore }: Of<'channelDeleted'>): void => {
  if (!session.wants(INTENT.Guilds) || !seenBefore.has(session.bot)) return;
  const { id, type, guild, parent } = channel;
  const data =
    channel.thread === null
      ? channelObject(channel, session.bot.id)
      : { id, guild_id: guild.id, parent_id: parent?.id ?? null, type };
  session.dispatch(eventName(channel, 'DELETE'), JSON.stringify(data));
};

const eventName = ({ thread }: Channel, change: string): string =>
  `${thread === null ? 'CHANNEL' : 'THREAD'}_${change}`;

const threadsOf = (parent: Channel, bot: Bot): string => {
  const active = parent.guild
    .threadsOf(parent)
    .filter((channel) => channel.thread?.archivedAt === null && canView(bot, channel));
  return JSON.stringify({ guild_id: parent.guild.id, channel_ids: [parent.id], ...threadList(active, bot.id) });
};
