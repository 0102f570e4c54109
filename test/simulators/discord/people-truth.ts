import type { Bot } from './world/bot.ts';
import { CATEGORY } from './world/channel.ts';
import type { World } from './world/world.ts';

/** An account that shares a guild with the bot, the bot itself included. */
export interface TrueContact {
  readonly userId: string;
  readonly username: string;
  readonly globalName: string | null;
  readonly isBot: boolean;
}

/** A guild, or one of its channels. */
export interface TrueGroup {
  readonly id: string;
  readonly kind: 'guild' | 'channel';
  readonly parentId: string | null;
  readonly name: string;
  /** The description of a guild, the topic of a channel. */
  readonly description: string | null;
  readonly ownerId: string | null;
  readonly memberCount: number | null;
}

export interface TrueMember {
  readonly guildId: string;
  readonly userId: string;
  readonly role: 'owner' | 'admin' | 'member';
  readonly nick: string | null;
  /** ms */
  readonly joinedAt: number;
}

/** Everybody who shares a guild with the bot, each once; made as they are asked for. */
export function* trueContacts(world: World, bot: Bot): Generator<TrueContact> {
  const guilds = world.guildsOf(bot);
  for (const [at, { membership }] of guilds.entries()) {
    const earlier = guilds.slice(0, at);
    for (const index of membership.from(0)) {
      if (earlier.some((guild) => guild.membership.has(index))) continue;
      const { id, name, globalName } = world.people.at(index);
      yield { userId: id, username: name, globalName, isBot: false };
    }
  }
  for (const other of new Set(guilds.flatMap(({ bots }) => bots))) {
    yield { userId: other.id, username: other.user.name, globalName: other.user.globalName, isBot: true };
  }
}

/** The guilds of the bot with their channels, also those that it may not see into. */
export function* trueGroups(world: World, bot: Bot): Generator<TrueGroup> {
  for (const guild of world.guildsOf(bot)) {
    const { id, name, description, ownerId, memberCount } = guild;
    yield { id, kind: 'guild', parentId: null, name, description, ownerId, memberCount };
    for (const channel of guild.channels.values()) {
      if (channel.thread !== null || channel.type === CATEGORY) continue;
      const place = { id: channel.id, kind: 'channel', parentId: id, name: channel.name } as const;
      yield { ...place, description: channel.topic, ownerId: null, memberCount: null };
    }
  }
}

/** The members of all guilds of the bot, guild by guild. */
export function* trueMembers(world: World, bot: Bot): Generator<TrueMember> {
  for (const guild of world.guildsOf(bot)) {
    for (const index of guild.membership.from(0)) {
      const { nick, isAdmin, joinedAt } = guild.factsOf(index);
      const role = index === guild.owner ? 'owner' : isAdmin ? 'admin' : 'member';
      yield { guildId: guild.id, userId: world.people.at(index).id, role, nick, joinedAt };
    }
    for (const { id } of guild.bots) {
      yield { guildId: guild.id, userId: id, role: 'member', nick: null, joinedAt: guild.createdAt };
    }
  }
}
