import { mix } from '../chance.ts';
import { bitsOf } from '../permissions.ts';
import { snowflake } from '../snowflake.ts';
import { BaseHistory } from './base-history.ts';
import { Bot } from './bot.ts';
import { CATEGORY, holdsMessages } from './channel.ts';
import { composeMessage } from './compose-message.ts';
import type { Channel } from './guild.ts';
import { Guild } from './guild.ts';
import { MessageLog } from './message-log.ts';
import { People } from './people.ts';
import type { ChannelPlan, GuildPlan, HistoryPlan, ThreadPlan, ThreadType, WorldPlan } from './world-plan.ts';

const DAY_MS = 86_400_000;
const DEFAULT_PERIOD_MS = 30 * DAY_MS;
/** The number of people who write in a guild, at most. */
const AUTHORS = 200;

/** Makes guilds, channels and threads from a plan. What they are called by (ids) follows from their order in it. */
export class WorldBuilder {
  readonly bots: readonly Bot[];
  readonly guilds: Guild[];
  readonly people: People;
  readonly #seed: number;
  readonly #startedAt: number;
  #ordinal = 1;

  constructor(plan: WorldPlan, seed: number, startedAt: number) {
    this.#seed = seed;
    this.#startedAt = startedAt;
    this.people = new People(seed);
    const bots = plan.bots ?? [{ name: 'history-bot' }];
    this.bots = bots.map((bot, index) => new Bot(bot, index, seed));
    this.guilds = plan.guilds.map((guild) => this.guild(guild));
  }

  guild(plan: GuildPlan): Guild {
    const createdAt = Math.min(this.#startedAt, ...plan.channels.map((channel) => this.#createdAt(channel))) - DAY_MS;
    const [ordinal, roleOrdinal] = [this.#ordinal++, this.#ordinal++];
    const guild = new Guild({
      id: String(snowflake(createdAt, ordinal)),
      name: plan.name,
      description: plan.description ?? null,
      salt: mix(this.#seed, ordinal, 5),
      createdAt,
      members: plan.members ?? 25,
      people: this.people,
      bots: this.bots.filter(({ guildNames }) => guildNames === null || guildNames.includes(plan.name)),
      everyone: bitsOf(plan.everyone ?? ['ViewChannel', 'ReadMessageHistory', 'Connect', 'SendMessages']),
      botRoleId: String(snowflake(createdAt + 1, roleOrdinal)),
      adminRoleId: String(snowflake(createdAt + 2, roleOrdinal)),
      botRole: bitsOf(plan.botRole ?? ['ManageThreads']),
    });
    for (const channel of plan.channels) this.channel(guild, channel);
    return guild;
  }

  channel(guild: Guild, plan: ChannelPlan): Channel {
    const type = plan.type ?? 0;
    const ordinal = this.#ordinal++;
    const createdAt = this.#createdAt(plan);
    const category = [...guild.channels.values()].find(({ type, name }) => type === CATEGORY && name === plan.category);
    if (plan.category !== undefined && category === undefined)
      throw new Error(`No category ${plan.category} before ${plan.name}.`);
    const deny = bitsOf(plan.deny ?? []);
    const channel: Channel = {
      id: String(snowflake(createdAt, ordinal)),
      type,
      guild,
      name: plan.name,
      topic: plan.topic ?? null,
      nsfw: false,
      parent: category ?? null,
      position: guild.channels.size,
      overwrites:
        deny === 0n
          ? []
          : [
              { id: guild.id, type: 0, allow: 0n, deny },
              { id: guild.botRoleId, type: 0, allow: 0n, deny },
            ],
      log: holdsMessages({ type }) ? this.#log(guild, plan, ordinal).log : null,
      thread: null,
    };
    guild.channels.set(channel.id, channel);
    for (const thread of plan.threads ?? []) this.thread(channel, thread);
    return channel;
  }

  thread(parent: Channel, plan: ThreadPlan): Channel {
    const ordinal = this.#ordinal++;
    const { base, log } = this.#log(parent.guild, plan, ordinal);
    const inForum = parent.log === null;
    const createdAt = inForum && base.count > 0 ? base.timestampAt(0) : this.#createdAt(plan);
    const type: ThreadType = parent.type === 5 ? 10 : plan.private === true ? 12 : 11;
    const { bots } = parent.guild;
    const thread: Channel = {
      // A forum post has the id of its first message.
      id: String(snowflake(createdAt, ordinal)),
      type,
      guild: parent.guild,
      name: plan.name,
      topic: null,
      nsfw: false,
      parent,
      position: 0,
      overwrites: [],
      log,
      thread: {
        archivedAt: plan.archivedAt ?? null,
        createdAt,
        joined: new Set(plan.joined === true ? bots.map(({ id }) => id) : []),
      },
    };
    parent.guild.channels.set(thread.id, thread);
    return thread;
  }

  #period(plan: HistoryPlan): { from: number; to: number } {
    const to = plan.to ?? this.#startedAt;
    return { from: plan.from ?? to - DEFAULT_PERIOD_MS, to };
  }

  #createdAt(plan: HistoryPlan): number {
    return plan.createdAt ?? this.#period(plan).from;
  }

  #log(guild: Guild, plan: HistoryPlan, ordinal: number): { base: BaseHistory; log: MessageLog } {
    const { from, to } = this.#period(plan);
    const base = new BaseHistory({ seed: this.#seed, ordinal, count: plan.messages ?? 0, from, to });
    const composer = {
      seed: this.#seed,
      ordinal,
      history: base,
      people: this.people,
      authors: Math.max(1, Math.min(AUTHORS, guild.memberCount - guild.bots.length)),
      bot: guild.bots[0]?.user ?? null,
    };
    return { base, log: new MessageLog(base, (index) => composeMessage(composer, index)) };
  }
}
