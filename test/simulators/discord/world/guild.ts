import { mix } from '../chance.ts';
import { type Overwrite, PERMISSION } from '../permissions.ts';
import { discordTime } from '../snowflake.ts';
import type { Bot } from './bot.ts';
import { Membership } from './membership.ts';
import type { MessageLog } from './message-log.ts';
import type { People } from './people.ts';
import type { GuildChannelType, ThreadType } from './world-plan.ts';

export interface GuildShape {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number;
  /** What its members are like follows from it. */
  readonly salt: number;
  /** Members that are not bots: the first so many of all people. */
  readonly members: number;
  readonly people: People;
  readonly bots: readonly Bot[];
  readonly everyone: bigint;
  readonly botRoleId: string;
  readonly botRole: bigint;
  readonly adminRoleId: string;
}

/** What a member is in this guild; bots have no nick. */
export interface MemberFacts {
  readonly nick: string | null;
  readonly isAdmin: boolean;
  /** ms */
  readonly joinedAt: number;
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
  name: string;
  topic: string | null;
  nsfw: boolean;
  /** A thread's channel, a channel's category. */
  readonly parent: Channel | null;
  readonly position: number;
  overwrites: Overwrite[];
  /** Null where no messages can be: categories, forums, media channels. */
  readonly log: MessageLog | null;
  readonly thread: ThreadState | null;
}

/** A guild: its members, roles and channels. */
export class Guild {
  readonly id: string;
  name: string;
  description: string | null;
  readonly createdAt: number;
  readonly bots: readonly Bot[];
  readonly roles: Map<string, bigint>;
  readonly botRoleId: string;
  readonly adminRoleId: string;
  /** Channels and threads, in the order in which they were made. */
  readonly channels = new Map<string, Channel>();
  readonly membership: Membership;
  /** The number of the owner among all people: the first member, unless it gave the guild away. */
  owner = 0;
  /** True while it is down: no gateway event tells of it but that. */
  unavailable = false;
  readonly #people: People;
  readonly #salt: number;
  readonly #changed = new Map<number, MemberFacts>();

  constructor(shape: GuildShape) {
    this.id = shape.id;
    this.name = shape.name;
    this.description = shape.description;
    this.createdAt = shape.createdAt;
    this.bots = shape.bots;
    this.botRoleId = shape.botRoleId;
    this.adminRoleId = shape.adminRoleId;
    this.roles = new Map([
      [shape.id, shape.everyone],
      [shape.botRoleId, shape.botRole],
      [shape.adminRoleId, PERMISSION.Administrator],
    ]);
    this.membership = new Membership(shape.members);
    this.#people = shape.people;
    this.#salt = shape.salt;
  }

  get ownerId(): string {
    return String(this.#people.idAt(this.owner));
  }

  get memberCount(): number {
    return this.membership.size + this.bots.length;
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

  /** The second of all people is an administrator, and one in five has a nick here. */
  factsOf(index: number): MemberFacts {
    const changed = this.#changed.get(index);
    if (changed !== undefined) return changed;
    const chance = mix(this.#salt, index);
    return {
      nick: chance % 5 === 0 ? `nick-${index}` : null,
      isAdmin: index === 1,
      joinedAt: this.createdAt + (chance % 36_000_000),
    };
  }

  changeFacts(index: number, facts: Partial<MemberFacts>): void {
    this.#changed.set(index, { ...this.factsOf(index), ...facts });
  }

  /** JSON of members with an id above `after`, by rising id: people first, since bots are younger than all of them. */
  membersAfter(after: bigint, limit = Number.POSITIVE_INFINITY): string[] {
    const found: string[] = [];
    for (const index of this.membership.from(this.#people.countUpTo(after))) {
      if (found.length >= limit) return found;
      found.push(this.#personJson(index));
    }
    const bots = this.bots.filter(({ id }) => BigInt(id) > after).map((bot) => this.botMember(bot));
    return [...found, ...bots.slice(0, limit - found.length)];
  }

  /** JSON; null: there is no such member. */
  member(userId: bigint): string | null {
    const bot = this.bots.find(({ id }) => BigInt(id) === userId);
    if (bot !== undefined) return this.botMember(bot);
    const index = this.#people.countUpTo(userId) - 1;
    const isMember = index >= 0 && this.#people.idAt(index) === userId && this.membership.has(index);
    return isMember ? this.#personJson(index) : null;
  }

  botMember(bot: Bot): string {
    return memberJson(bot.user.json, { nick: null, joinedAt: this.createdAt }, [this.botRoleId]);
  }

  #personJson(index: number): string {
    const facts = this.factsOf(index);
    return memberJson(this.#people.at(index).json, facts, facts.isAdmin ? [this.adminRoleId] : []);
  }
}

/**
 * https://discord.com/developers/docs/resources/guild#guild-member-object; put together by hand, for lists are long.
 */
const memberJson = (
  userJson: string,
  { nick, joinedAt }: Pick<MemberFacts, 'nick' | 'joinedAt'>,
  roles: readonly string[],
): string =>
  '{"avatar":null,"banner":null,"communication_disabled_until":null,"flags":0,' +
  `"joined_at":"${discordTime(joinedAt)}","nick":${JSON.stringify(nick)},"pending":false,"premium_since":null,` +
  `"roles":${JSON.stringify(roles)},"user":${userJson},"mute":false,"deaf":false}`;
