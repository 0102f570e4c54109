import { ChannelType } from 'discord.js';
import type { ListedGroup } from '../../../domain/group.ts';
import { ExternalId } from '../../../domain/ids.ts';
import { type ApiChannel, isCategory, isConversation, isThread } from '../mapping/api-channel.ts';
import { timeOfSnowflake } from '../mapping/snowflake.ts';
import type { GuildAtlas, KnownGuild } from './guild-atlas.ts';

/** Channels are groups of a guild; threads are conversations, and a category is no more than a heading. */
export const isGroup = (channel: ApiChannel): boolean =>
  isConversation(channel) && !isThread(channel) && channel.guild_id != null;

export const guildGroup = ({ id, ownerId, profile }: KnownGuild): ListedGroup => ({
  externalId: ExternalId.make(id),
  kind: 'guild',
  parentExternalId: null,
  name: profile.name,
  description: profile.description,
  ownerExternalId: ownerId === null ? null : ExternalId.make(ownerId),
  createdAt: timeOfSnowflake(id),
  memberCount: profile.memberCount,
  metadata: {
    icon: profile.icon,
    verificationLevel: profile.verificationLevel,
    nsfwLevel: profile.nsfwLevel,
    preferredLocale: profile.preferredLocale,
    features: profile.features,
  },
});

/** "GuildStageVoice" -> "stageVoice"; a type that Discord invents later is shown by its number. */
const typeName = (type: number): string => {
  const name = (ChannelType[type] ?? `${type}`).replace(/^Guild/, '');
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
};

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

const channelGroup = (atlas: GuildAtlas, channel: ApiChannel): ListedGroup => ({
  externalId: ExternalId.make(channel.id),
  kind: 'channel',
  parentExternalId: channel.guild_id == null ? null : ExternalId.make(channel.guild_id),
  name: channel.name ?? null,
  description: textOf(channel.topic),
  ownerExternalId: null,
  createdAt: timeOfSnowflake(channel.id),
  // Who sees a channel follows from roles and overwrites: nobody is counted as its member.
  memberCount: null,
  metadata: {
    type: typeName(channel.type),
    category: atlas.channel(channel.parent_id ?? '')?.name ?? null,
    position: numberOf(channel.position),
    nsfw: channel.nsfw === true,
    slowmodeSeconds: numberOf(channel.rate_limit_per_user) ?? 0,
  },
});

/** The channels of a guild as groups. */
export const channelGroups = (atlas: GuildAtlas, guildId: string): readonly ListedGroup[] =>
  atlas
    .channelsOf(guildId)
    .filter(isGroup)
    .map((channel) => channelGroup(atlas, channel));

/** The groups that say something else when a channel has changed: itself, or the channels under this heading. */
export const groupsOfChange = (atlas: GuildAtlas, changed: ApiChannel): readonly ListedGroup[] => {
  const touched = isCategory(changed)
    ? atlas.channelsOf(changed.guild_id ?? '').filter(({ parent_id }) => parent_id === changed.id)
    : [changed];
  return touched.filter(isGroup).map((channel) => channelGroup(atlas, channel));
};
