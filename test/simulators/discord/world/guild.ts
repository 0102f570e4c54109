import type { Overwrite } from '../permissions.ts';
import { discordTime } from '../snowflake.ts';
import type { Bot } from './bot.ts';
import type { MessageLog } from './message-log.ts';
import type { People } from './people.ts';
import type { GuildChannelType, ThreadType } from './world-plan.ts';

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

export interface ThreadState {
  archivedAt: number | null;
  readonly createdAt: number;
  /** Ids of the bots that are members. */
  readonly joined: Set<string>;
}

/** A channel or a thread. */
export interface Channel {
  readonly id: string;
  readonly type: GuildChannelType | ThreadType;
  readonly guild: Guild;
  readonly name: string;
  /** A thread's channel, a channel's category. */
  readonly parent: Channel | null;
  readonly position: number;
  overwrites: Overwrite[];
  /** Null where no messages can be: categories, forums, media channels. */
  readonly log: MessageLog | null;
  readonly thread: ThreadState | null;
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
}
