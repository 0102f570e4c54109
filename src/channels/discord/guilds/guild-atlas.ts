import { isDeepStrictEqual } from 'node:util';
import { Option, Schema } from 'effect';
import type { ListedConversation } from '../../../domain/conversation.ts';
import { type ApiChannel, isConversation, isThread, readChannel, Snowflake } from '../mapping/api-channel.ts';
import { conversationOf } from '../mapping/conversation-mapping.ts';
import type { ApiUser } from '../mapping/user-mapping.ts';
import { type GuildProfile, NO_PROFILE, profileOf } from './guild-profile.ts';
import { legibleBits, managesThreads, permissionsIn, type Standing, whyUnreadable } from './permissions.ts';

const optional = <A>(schema: Schema.Codec<A>) => Schema.optional(Schema.NullOr(schema));

const ApiRole = Schema.Struct({
  id: Snowflake,
  permissions: Schema.optional(Schema.Unknown),
});
export type ApiRole = typeof ApiRole.Type;
export const readRole = Schema.decodeUnknownOption(ApiRole);

/** A guild over REST or in GUILD_CREATE (docs: Guild Resource); the lists come only over the gateway. */
export const ApiGuild = Schema.Struct({
  id: Snowflake,
  unavailable: optional(Schema.Boolean),
  owner_id: optional(Snowflake),
  name: Schema.optional(Schema.Unknown),
  description: Schema.optional(Schema.Unknown),
  icon: Schema.optional(Schema.Unknown),
  features: Schema.optional(Schema.Unknown),
  verification_level: Schema.optional(Schema.Unknown),
  nsfw_level: Schema.optional(Schema.Unknown),
  preferred_locale: Schema.optional(Schema.Unknown),
  member_count: Schema.optional(Schema.Unknown),
  approximate_member_count: Schema.optional(Schema.Unknown),
  roles: optional(Schema.Array(Schema.Unknown)),
  channels: optional(Schema.Array(Schema.Unknown)),
  threads: optional(Schema.Array(Schema.Unknown)),
  members: optional(Schema.Array(Schema.Unknown)),
});
export type ApiGuild = typeof ApiGuild.Type;

/** A member object; GUILD_MEMBER_UPDATE looks alike. */
export const ApiMember = Schema.Struct({
  user: optional(Schema.Struct({ id: Snowflake })),
  roles: Schema.Array(Snowflake),
});
export type ApiMember = typeof ApiMember.Type;
const readMember = Schema.decodeUnknownOption(ApiMember);

/** What is known of one guild. Null: not known (yet), which never makes a conversation unreadable. */
export interface KnownGuild {
  readonly id: string;
  ownerId: string | null;
  profile: GuildProfile;
  /** True once a whole guild object told its profile. */
  described: boolean;
  /** True while Discord says that it is down. */
  unavailable: boolean;
  /** Null for a role of which only the id is told. */
  roles: Map<string, bigint | null> | null;
  botRoles: readonly string[] | null;
  /** Channels and active threads by id; archived threads are not kept, they are too many. */
  readonly channels: Map<string, ApiChannel>;
  /** True once all channels were listed. */
  listed: boolean;
}

/** So many are remembered who wrote directly; whoever comes later is told of with every message. */
const MOST_PARTNERS = 10_000;

/** Where everything is, and what of it may be read: kept up to date by the gateway, completed by REST. */
export class GuildAtlas {
  readonly #guilds = new Map<string, KnownGuild>();
  readonly #guildOfChannel = new Map<string, string>();
  readonly #partners = new Map<string, ApiUser>();
  /** Set when READY names the bot. */
  botId = '';

  guild(id: string): KnownGuild {
    const known = this.#guilds.get(id);
    if (known !== undefined) return known;
    const fresh: KnownGuild = {
      id,
      ownerId: null,
      profile: NO_PROFILE,
      described: false,
      unavailable: false,
      roles: null,
      botRoles: null,
      channels: new Map(),
      listed: false,
    };
    this.#guilds.set(id, fresh);
    return fresh;
  }

  has(id: string): boolean {
    return this.#guilds.has(id);
  }

  guildIds(): readonly string[] {
    return [...this.#guilds.keys()];
  }

  channel(id: string): ApiChannel | null {
    const guildId = this.#guildOfChannel.get(id);
    return guildId === undefined ? null : (this.#guilds.get(guildId)?.channels.get(id) ?? null);
  }

  put(guildId: string, channel: ApiChannel): ApiChannel {
    const placed = { ...channel, guild_id: channel.guild_id ?? guildId };
    this.guild(guildId).channels.set(channel.id, placed);
    this.#guildOfChannel.set(channel.id, guildId);
    return placed;
  }

  forget(channelId: string): void {
    const guildId = this.#guildOfChannel.get(channelId);
    if (guildId !== undefined) this.#guilds.get(guildId)?.channels.delete(channelId);
    this.#guildOfChannel.delete(channelId);
  }

  forgetGuild(guildId: string): void {
    for (const id of this.#guilds.get(guildId)?.channels.keys() ?? []) this.#guildOfChannel.delete(id);
    this.#guilds.delete(guildId);
  }

  /** Takes in what a guild object says and leaves the rest as it was. */
  learnGuild(guild: ApiGuild): KnownGuild {
    const known = this.guild(guild.id);
    known.profile = profileOf(guild, known.profile);
    if (guild.name !== undefined) known.described = true;
    known.unavailable = false;
    if (guild.owner_id) known.ownerId = guild.owner_id;
    if (guild.roles) {
      const roles = guild.roles.flatMap((role) => Option.toArray(readRole(role)));
      known.roles = new Map(roles.map(({ id, permissions }) => [id, legibleBits(permissions)]));
    }
    if (guild.channels) this.learnChannels(guild.id, guild.channels);
    if (guild.threads) for (const { id } of this.channelsOf(guild.id).filter(isThread)) this.forget(id);
    for (const thread of guild.threads ?? []) {
      const read = readChannel(thread, guild.id);
      if (read !== null) this.put(guild.id, read);
    }
    for (const member of guild.members ?? []) {
      const read = Option.getOrNull(readMember(member));
      if (read?.user?.id === this.botId) known.botRoles = read.roles;
    }
    return known;
  }

  /** Takes in a guild object over REST, after which nobody asks for its roles again. */
  learnWholeGuild(guild: ApiGuild): KnownGuild {
    const known = this.learnGuild(guild);
    known.roles ??= new Map();
    known.described = true;
    return known;
  }

  /** Takes in a row of the list of guilds, which tells a part of what is known of each. */
  freshen(guild: ApiGuild): void {
    const known = this.#guilds.get(guild.id);
    if (known !== undefined) known.profile = profileOf(guild, known.profile);
  }

  /** Replaces the channels of a guild, not its threads. Returns what was no channel. */
  learnChannels(guildId: string, channels: readonly unknown[]): readonly unknown[] {
    const known = this.guild(guildId);
    for (const channel of [...known.channels.values()]) if (!isThread(channel)) this.forget(channel.id);
    known.listed = true;
    return channels.filter((value) => {
      const channel = readChannel(value, guildId);
      if (channel !== null) this.put(guildId, channel);
      return channel === null;
    });
  }

  /** Notes who has written to the bot directly. False when that was known already. */
  meet(user: ApiUser): boolean {
    if (isDeepStrictEqual(this.#partners.get(user.id), user)) return false;
    if (this.#partners.size < MOST_PARTNERS) this.#partners.set(user.id, user);
    return true;
  }

  /** Who has written to the bot directly since the connection was opened: no request lists them. */
  partners(): readonly ApiUser[] {
    return [...this.#partners.values()];
  }

  /** What decides about a channel: its own overwrites, or those of the channel a thread belongs to. */
  #permissions(channel: ApiChannel) {
    const known = channel.guild_id ? this.#guilds.get(channel.guild_id) : undefined;
    const decisive = isThread(channel) ? this.channel(channel.parent_id ?? '') : channel;
    if (!known?.roles?.has(known.id) || known.botRoles === null || decisive === null) return null;
    // A role that is gone grants nothing; of one that is there and says nothing, nobody knows.
    if ([known.id, ...known.botRoles].some((role) => known.roles?.get(role) === null)) return null;
    const standing: Standing = {
      guildId: known.id,
      ownerId: known.ownerId,
      botId: this.botId,
      roles: known.roles,
      botRoles: known.botRoles,
    };
    return permissionsIn(standing, decisive.permission_overwrites ?? []);
  }

  /** In words; null also when too little is known to say no. */
  whyUnreadable(channel: ApiChannel): string | null {
    const permissions = this.#permissions(channel);
    return permissions === null ? null : whyUnreadable(permissions, channel);
  }

  managesThreads(channel: ApiChannel): boolean {
    const permissions = this.#permissions(channel);
    return permissions !== null && managesThreads(permissions);
  }

  conversation(channel: ApiChannel): ListedConversation {
    return conversationOf(channel, this.whyUnreadable(channel));
  }

  channelsOf(guildId: string): readonly ApiChannel[] {
    return [...(this.#guilds.get(guildId)?.channels.values() ?? [])];
  }

  /** The conversations known of a guild: its channels and active threads. */
  conversations(guildId: string): readonly ListedConversation[] {
    return this.channelsOf(guildId)
      .filter(isConversation)
      .map((channel) => this.conversation(channel));
  }
}
