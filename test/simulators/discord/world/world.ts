import { bitsOf, type PermissionName } from '../permissions.ts';
import { LIVE_BIT, snowflake, snowflakeMs } from '../snowflake.ts';
import { canView } from './access.ts';
import type { Bot } from './bot.ts';
import { WorldBuilder } from './build-world.ts';
import { canHaveThreads } from './channel.ts';
import type { Channel, Guild } from './guild.ts';
import { type ChannelChange, GuildDesk, type Quietly } from './guild-desk.ts';
import { PLAIN, type SimMessage } from './message.ts';
import type { MessageLog } from './message-log.ts';
import type { People, User } from './people.ts';
import type { WorldEvent } from './world-event.ts';
import type { ChannelPlan, ThreadPlan, WorldPlan } from './world-plan.ts';

export interface Post extends Quietly {
  readonly content: string;
  /** A user id, such as `bot.id` for the bot itself; without it, some person. */
  readonly authorId?: string;
}

/** The simulated Discord itself: who is there, what was written, and everything a test may let happen. */
export class World {
  readonly bots: readonly Bot[];
  readonly guilds: readonly Guild[];
  readonly people: People;
  /** Where guilds and their members are changed. */
  readonly desk: GuildDesk;
  readonly #builder: WorldBuilder;
  readonly #now: () => number;
  readonly #listeners = new Set<(event: WorldEvent) => void>();
  #liveIds = 0;

  constructor(plan: WorldPlan, seed: number, now: () => number) {
    this.#builder = new WorldBuilder(plan, seed, now());
    this.#now = now;
    this.bots = this.#builder.bots;
    this.guilds = this.#builder.guilds;
    this.people = this.#builder.people;
    this.desk = new GuildDesk(this.#builder, now, (event, silent) => this.#tell(event, silent));
  }

  onEvent(listener: (event: WorldEvent) => void): void {
    this.#listeners.add(listener);
  }

  guildsOf(bot: Bot): Guild[] {
    return this.guilds.filter((guild) => guild.has(bot));
  }

  /** The bot with this token, unless it was revoked. */
  botOf(token: string): Bot | null {
    return this.bots.find((bot) => bot.token === token && !bot.revoked) ?? null;
  }

  find(channelId: string): Channel | null {
    for (const guild of this.guilds) {
      const channel = guild.channels.get(channelId);
      if (channel !== undefined) return channel;
    }
    return null;
  }

  *channels(): Generator<Channel> {
    for (const guild of this.guilds) yield* guild.channels.values();
  }

  /** The first channel or thread of that name. Throws when there is none. */
  channelNamed(name: string): Channel {
    for (const channel of this.channels()) if (channel.name === name) return channel;
    throw new Error(`No channel is called ${name}.`);
  }

  /** Writes a message now. A thread that was archived is active again, as on Discord. Returns the message's id. */
  postMessage(channelId: string, { content, authorId, silent }: Post): string {
    const { channel, log } = this.#writable(channelId);
    if (channel.thread !== null && channel.thread.archivedAt !== null)
      this.archiveThread(channelId, { silent: silent ?? false, undo: true });
    const id = this.#nextId(log.lastId);
    const message: SimMessage = { ...PLAIN, id, timestamp: snowflakeMs(id), author: this.#author(authorId), content };
    log.append(message);
    this.#tell({ type: 'messageCreated', channel, message }, silent);
    return String(id);
  }

  editMessage(channelId: string, messageId: string, content: string, { silent }: Quietly = {}): void {
    const { channel, log } = this.#writable(channelId);
    const message = log.edit(BigInt(messageId), { content, editedAt: this.#now() });
    if (message === null) throw new Error(`No message ${messageId} in ${channelId}.`);
    this.#tell({ type: 'messageUpdated', channel, message }, silent);
  }

  deleteMessage(channelId: string, messageId: string, { silent }: Quietly = {}): void {
    this.#delete(channelId, [messageId], false, silent);
  }

  /** Deletes many at once (MESSAGE_DELETE_BULK). */
  deleteMessages(channelId: string, messageIds: readonly string[], { silent }: Quietly = {}): void {
    this.#delete(channelId, messageIds, true, silent);
  }

  createChannel(guildId: string, plan: ChannelPlan, { silent }: Quietly = {}): Channel {
    const channel = this.#builder.channel(this.desk.named(guildId), { createdAt: this.#now(), ...plan });
    this.#tell({ type: 'channelCreated', channel }, silent);
    return channel;
  }

  createThread(parentId: string, plan: ThreadPlan, { silent }: Quietly = {}): Channel {
    const parent = this.#existing(parentId);
    if (!canHaveThreads(parent)) throw new Error(`${parent.name} cannot have threads.`);
    const channel = this.#builder.thread(parent, { createdAt: this.#now(), ...plan });
    this.#tell({ type: 'channelCreated', channel }, silent);
    return channel;
  }

  changeChannel(channelId: string, change: ChannelChange, { silent }: Quietly = {}): void {
    this.#change(channelId, silent, (channel) => Object.assign(channel, change));
  }

  /** Archives a thread now, or with `undo` makes it active again. */
  archiveThread(threadId: string, { silent, undo }: Quietly & { readonly undo?: boolean } = {}): void {
    this.#change(threadId, silent, ({ thread }) => {
      if (thread === null) throw new Error(`${threadId} is not a thread.`);
      thread.archivedAt = undo === true ? null : this.#now();
    });
  }

  /** Deletes a channel with its threads, or a thread. */
  deleteChannel(channelId: string, { silent }: Quietly = {}): void {
    const channel = this.#existing(channelId);
    const seenBefore = this.#viewers(channel);
    for (const thread of channel.guild.threadsOf(channel)) channel.guild.channels.delete(thread.id);
    channel.guild.channels.delete(channelId);
    this.#tell({ type: 'channelDeleted', channel, seenBefore }, silent);
  }

  /** Takes permissions from everyone in a channel. */
  deny(channelId: string, permissions: readonly PermissionName[] = ['ViewChannel'], { silent }: Quietly = {}): void {
    this.#change(channelId, silent, (channel) => {
      if (channel.thread !== null) throw new Error('A thread has the permissions of its channel.');
      const deny = bitsOf(permissions);
      const rest = channel.overwrites.filter(({ id }) => id !== channel.guild.id && id !== channel.guild.botRoleId);
      const ids = [channel.guild.id, channel.guild.botRoleId];
      channel.overwrites = [...rest, ...ids.map((id) => ({ id, type: 0 as const, allow: 0n, deny }))];
    });
  }

  /** Removes every overwrite of a channel. */
  allow(channelId: string, { silent }: Quietly = {}): void {
    this.#change(channelId, silent, (channel) => {
      channel.overwrites = [];
    });
  }

  #delete(channelId: string, messageIds: readonly string[], bulk: boolean, silent: boolean | undefined): void {
    const { channel, log } = this.#writable(channelId);
    const ids = messageIds.filter((id) => log.delete(BigInt(id), this.#now()));
    if (ids.length > 0) this.#tell({ type: 'messagesDeleted', channel, ids, bulk }, silent);
  }

  #change(channelId: string, silent: boolean | undefined, change: (channel: Channel) => void): void {
    const channel = this.#existing(channelId);
    const seenBefore = this.#viewers(channel);
    change(channel);
    this.#tell({ type: 'channelUpdated', channel, seenBefore }, silent);
  }

  #viewers(channel: Channel): ReadonlySet<Bot> {
    return new Set(this.bots.filter((bot) => canView(bot, channel)));
  }

  #existing(channelId: string): Channel {
    const channel = this.find(channelId);
    if (channel === null) throw new Error(`No channel ${channelId}.`);
    return channel;
  }

  #writable(channelId: string): { channel: Channel; log: MessageLog } {
    const channel = this.#existing(channelId);
    if (channel.log === null) throw new Error(`${channel.name} cannot hold messages.`);
    return { channel, log: channel.log };
  }

  #author(authorId: string | undefined): User {
    if (authorId === undefined) return this.people.at(0);
    const bot = this.bots.find(({ id }) => id === authorId);
    return bot?.user ?? this.people.at(this.people.indexOf(authorId));
  }

  /** An id of this instant, above `last` even where the clock stands still or behind. */
  #nextId(last: bigint | null): bigint {
    this.#liveIds = (this.#liveIds + 1) % LIVE_BIT;
    const id = snowflake(this.#now(), LIVE_BIT | this.#liveIds);
    if (last === null || id > last) return id;
    return snowflake(snowflakeMs(last) + 1, LIVE_BIT | this.#liveIds);
  }

  #tell(event: WorldEvent, silent: boolean | undefined): void {
    if (silent === true) return;
    for (const listener of this.#listeners) listener(event);
  }
}
