import { ChannelType } from 'discord.js';
import { Option, Schema } from 'effect';
import { isSnowflake } from './snowflake.ts';

/** An id of Discord's. */
export const Snowflake = Schema.String.check(
  Schema.makeFilter((text: string) => isSnowflake(text) || 'not a snowflake'),
);

const optional = <A>(schema: Schema.Codec<A>) => Schema.optional(Schema.NullOr(schema));

export const ApiOverwrite = Schema.Struct({
  id: Snowflake,
  allow: Schema.optional(Schema.Union([Schema.String, Schema.Number])),
  deny: Schema.optional(Schema.Union([Schema.String, Schema.Number])),
});
export type ApiOverwrite = typeof ApiOverwrite.Type;

/** What we read of a channel or thread, over REST as over the gateway (docs: Channels Resource). */
export const ApiChannel = Schema.Struct({
  id: Snowflake,
  type: Schema.Number,
  guild_id: optional(Snowflake),
  parent_id: optional(Snowflake),
  name: optional(Schema.String),
  /** Only shown: of whatever kind it is, it makes no channel unreadable. */
  topic: Schema.optional(Schema.Unknown),
  position: Schema.optional(Schema.Unknown),
  nsfw: Schema.optional(Schema.Unknown),
  rate_limit_per_user: Schema.optional(Schema.Unknown),
  last_message_id: optional(Snowflake),
  permission_overwrites: optional(Schema.Array(ApiOverwrite)),
  thread_metadata: optional(
    Schema.Struct({ archived: Schema.optional(Schema.Boolean), archive_timestamp: optional(Schema.String) }),
  ),
});
export type ApiChannel = typeof ApiChannel.Type;

const decode = Schema.decodeUnknownOption(ApiChannel);

/** Null when it is no channel. Channels inside a guild object do not repeat the guild's id. */
export const readChannel = (value: unknown, guildId: string | null = null): ApiChannel | null => {
  const channel = Option.getOrNull(decode(value));
  return channel === null || guildId === null ? channel : { ...channel, guild_id: channel.guild_id ?? guildId };
};

const THREADS: readonly ChannelType[] = [
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
];
const POST_LISTS: readonly ChannelType[] = [ChannelType.GuildForum, ChannelType.GuildMedia];
const VOICE: readonly ChannelType[] = [ChannelType.GuildVoice, ChannelType.GuildStageVoice];
const WITH_THREADS: readonly ChannelType[] = [ChannelType.GuildText, ChannelType.GuildAnnouncement, ...POST_LISTS];
const DIRECT: readonly ChannelType[] = [ChannelType.DM, ChannelType.GroupDM];

export const isCategory = ({ type }: ApiChannel): boolean => type === ChannelType.GuildCategory;
export const isThread = ({ type }: ApiChannel): boolean => THREADS.includes(type);
/** A forum or media channel: it has posts, which are threads, and no messages of its own. */
export const isPostList = ({ type }: ApiChannel): boolean => POST_LISTS.includes(type);
/** A voice or stage channel, which has a text chat of its own. */
export const isVoice = ({ type }: ApiChannel): boolean => VOICE.includes(type);
export const isDirect = ({ type }: ApiChannel): boolean => DIRECT.includes(type);
export const mayHaveThreads = ({ type }: ApiChannel): boolean => WITH_THREADS.includes(type);
/** Only text channels have private threads. */
export const mayHavePrivateThreads = ({ type }: ApiChannel): boolean => type === ChannelType.GuildText;
/** Categories, directories and whatever Discord invents next are not conversations. */
export const isConversation = (channel: ApiChannel): boolean =>
  isThread(channel) || mayHaveThreads(channel) || isVoice(channel) || isDirect(channel);
