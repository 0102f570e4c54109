import { discordTime } from '../snowflake.ts';
import type { Bot } from './bot.ts';
import type { Channel } from './channel.ts';
import type { People } from './people.ts';

export interface GuildShape {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  /** Members that are not bots: the first so many of all people. */
  readonly members: number;
  readonly people: People;
  readonly bots: readonly Bot[];
  readonly everyone: bigint;
  readonly botRoleId: string;
  readonly botRole: bigint;
}

/** A guild: its members, roles and channels. The owner is its first member. */
export class Guild {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly bots: readonly Bot[];
  readonly roles: Map<string, bigint>;
  readonly botRoleId: string;
  /** Channels and threads, in the order in which they were made. */
  readonly channels = new Map<string, Channel>();
  readonly #people: People;
  readonly #members: number;

  constructor(shape: GuildShape) {
    this.id = shape.id;
    this.name = shape.name;
    this.createdAt = shape.createdAt;
    this.bots = shape.bots;
    this.botRoleId = shape.botRoleId;
    this.roles = new Map([
      [shape.id, shape.everyone],
      [shape.botRoleId, shape.botRole],
    ]);
    this.#people = shape.people;
    this.#members = shape.members;
  }

  get ownerId(): string {
    return this.#people.at(0).id;
  }

  get memberCount(): number {
    return this.#members + this.bots.length;
  }

  has(bot: Bot): boolean {
    return this.bots.includes(bot);
  }

  *threads(): Generator<Channel> {
    for (const channel of this.channels.values()) if (channel.thread !== null) yield channel;
  }

  threadsOf(parent: Channel): Channel[] {
    return [...this.threads()].filter((thread) => thread.parent === parent);
  }

  /** Members with an id above `after`, by rising id: people first, since bots are younger than all of them. */
  membersAfter(after: bigint, limit: number): Record<string, unknown>[] {
    const found: Record<string, unknown>[] = [];
    for (let index = this.#people.countUpTo(after); index < this.#members && found.length < limit; index++) {
      found.push(this.#memberObject(this.#people.at(index).json, []));
    }
    for (const bot of this.bots) {
      if (found.length < limit && BigInt(bot.id) > after) found.push(this.botMember(bot));
    }
    return found;
  }

  member(userId: bigint): Record<string, unknown> | null {
    const [member] = this.membersAfter(userId - 1n, 1);
    return member !== undefined && (member['user'] as { id: string }).id === String(userId) ? member : null;
  }

  botMember(bot: Bot): Record<string, unknown> {
    return this.#memberObject(bot.user.json, [this.botRoleId]);
  }

  /** https://discord.com/developers/docs/resources/guild#guild-member-object */
  #memberObject(userJson: string, roles: readonly string[]): Record<string, unknown> {
    return {
      avatar: null,
      banner: null,
      communication_disabled_until: null,
      flags: 0,
      joined_at: discordTime(this.createdAt),
      nick: null,
      pending: false,
      premium_since: null,
      roles,
      user: JSON.parse(userJson) as unknown,
      mute: false,
      deaf: false,
    };
  }

  roleObjects(): Record<string, unknown>[] {
    return [...this.roles].map(([id, permissions], position) => ({
      id,
      name: id === this.id ? '@everyone' : 'bots',
      description: null,
      permissions: String(permissions),
      position,
      color: 0,
      colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
      hoist: false,
      managed: id !== this.id,
      mentionable: false,
      icon: null,
      unicode_emoji: null,
      flags: 0,
    }));
  }

  /** https://discord.com/developers/docs/resources/guild#guild-object */
  object(): Record<string, unknown> {
    return {
      id: this.id,
      name: this.name,
      icon: null,
      description: null,
      home_header: null,
      splash: null,
      discovery_splash: null,
      features: ['COMMUNITY', 'NEWS'],
      banner: null,
      owner_id: this.ownerId,
      application_id: null,
      region: 'us-central',
      afk_channel_id: null,
      afk_timeout: 300,
      system_channel_id: null,
      system_channel_flags: 0,
      widget_enabled: false,
      widget_channel_id: null,
      verification_level: 1,
      roles: this.roleObjects(),
      default_message_notifications: 1,
      mfa_level: 0,
      explicit_content_filter: 2,
      max_presences: null,
      max_members: 500_000,
      max_stage_video_channel_users: 50,
      max_video_channel_users: 25,
      vanity_url_code: null,
      premium_tier: 0,
      premium_subscription_count: 0,
      preferred_locale: 'en-US',
      rules_channel_id: null,
      safety_alerts_channel_id: null,
      public_updates_channel_id: null,
      premium_progress_bar_enabled: false,
      nsfw: false,
      nsfw_level: 0,
      emojis: [],
      stickers: [],
      incidents_data: null,
      inventory_settings: null,
    };
  }
}
