import { expect, vi } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import type { Bot } from '../simulators/discord/world/bot.ts';
import type { WorldPlan } from '../simulators/discord/world/world-plan.ts';
import type { CoverageShown, EventShown, InstanceShown, JobShown } from './api-client.ts';
import type { AppOptions } from './app-in-process.ts';
import { type Comparison, compareWithTruth, type TrueMessage } from './compare.ts';
import { type Ground, openGround, PATIENCE, ServiceStage } from './service-stage.ts';

/** What a comparison with the platform's truth must come to. */
export const COMPLETE = { missing: [], surplus: [], doubled: [], different: [] } as const;

/**
 * A service and a simulated Discord, both in this process. Unless the world names its bots, every guild has one of its
 * own, called as the guild is: so the tests of a file share one service and yet never meet.
 */
export class Stage extends ServiceStage {
  readonly discord: DiscordSimulator;

  private constructor(discord: DiscordSimulator, ground: Ground, options: Partial<AppOptions>) {
    super(ground, options);
    this.discord = discord;
  }

  /** Its limiters are open on both sides: what is tested here is not rates. */
  static async open(
    { guilds, bots }: WorldPlan,
    simulator: SimulatorOptions = {},
    options: Partial<AppOptions> = {},
  ): Promise<Stage> {
    const discord = await startDiscordSimulator({
      world: { guilds, bots: bots ?? guilds.map(({ name }) => ({ name, guilds: [name] })) },
      rateLimits: 'off',
      identifyIntervalMs: 0,
      ...simulator,
    });
    const stage = new Stage(discord, await openGround(), options);
    await stage.start();
    await stage.api.openLimits();
    return stage;
  }

  protected override get platform() {
    return { discordApiUrl: this.discord.apiUrl };
  }

  protected override closePlatform(): Promise<void> {
    return this.discord.close();
  }

  override async close(): Promise<void> {
    this.discord.faults.clear();
    await super.close();
  }

  bot(name: string): Bot {
    const bot = this.discord.world.bots.find(({ user }) => user.name === name);
    if (bot === undefined) throw new Error(`No bot is called ${name}.`);
    return bot;
  }

  /** The id of a channel or thread of a guild. */
  channel(guildName: string, name: string): string {
    for (const channel of this.discord.world.channels()) {
      if (channel.guild.name === guildName && channel.name === name) return channel.id;
    }
    throw new Error(`${guildName} has no channel called ${name}.`);
  }

  /** An instance of a bot, called as it is, online. */
  async connect(botName: string): Promise<InstanceShown> {
    const { id } = await this.api.createInstance(this.bot(botName).token, botName);
    return this.reaches(id, 'online');
  }

  compare({ id, name }: InstanceShown): Promise<Comparison> {
    return compareWithTruth(this.api, id, this.discord.groundTruth(this.bot(name).token));
  }

  /** Writes one more message, and resolves once it is stored: so is everything that came live before it. */
  async storedLive({ id, name }: InstanceShown, channelId = this.#someChannelOf(name)): Promise<void> {
    const last = this.discord.world.postMessage(channelId, { content: 'the last one' });
    await vi.waitFor(async () => {
      const newest = await this.api.events(id, { limit: '1' }).next();
      expect(newest.value?.externalId).toBe(last);
    }, PATIENCE);
  }

  #someChannelOf(guildName: string): string {
    for (const { id, guild, log } of this.discord.world.channels())
      if (guild.name === guildName && log !== null) return id;
    throw new Error(`${guildName} has no channel to write to.`);
  }

  /** What is known of a channel's completeness. */
  async coverage(instanceId: string, channelId: string): Promise<CoverageShown> {
    for await (const row of this.api.list<CoverageShown>(`/instances/${instanceId}/coverage`)) {
      if (row.externalId === channelId) return row;
    }
    throw new Error(`Nothing is known of channel ${channelId}.`);
  }

  /** Everything stored of a channel, newest first, deleted messages included. */
  async stored(instanceId: string, channelId: string): Promise<EventShown[]> {
    const { conversationId } = await this.coverage(instanceId, channelId);
    return Array.fromAsync(this.api.events(instanceId, { conversationId }));
  }

  /** The messages that the platform has of a channel, oldest first. */
  truth(botName: string, channelId: string): TrueMessage[] {
    const { token } = this.bot(botName);
    return [...this.discord.groundTruth(token)].filter((message) => message.channelId === channelId);
  }

  /** Resolves once a job has this status. */
  async jobReaches(instanceId: string, jobId: string, status: JobShown['status']): Promise<JobShown> {
    return vi.waitFor(async () => {
      const job = await this.api.job(instanceId, jobId);
      expect(job.status).toBe(status);
      return job;
    }, PATIENCE);
  }

  /** Reads of messages so far, by channel. */
  reads(channelId: string): number {
    return this.discord.requests.messagesByChannel.get(channelId) ?? 0;
  }
}
