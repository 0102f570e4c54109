import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { DiscordSimulator, SimulatorOptions } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import type { Bot } from '../simulators/discord/world/bot.ts';
import type { WorldPlan } from '../simulators/discord/world/world-plan.ts';
import type { ApiClient, InstanceShown } from './api-client.ts';
import { type AppInProcess, type AppOptions, startAppInProcess } from './app-in-process.ts';
import { type Comparison, compareWithTruth } from './compare.ts';

/** What a comparison with the platform's truth must come to. */
export const COMPLETE = { missing: [], surplus: [], doubled: [], different: [] } as const;

/** Nothing that a test waits for takes longer; most of it takes milliseconds. */
export const PATIENCE = { timeout: 20_000, interval: 20 } as const;

/**
 * A service and a simulated Discord, both in this process. Unless the world names its bots, every guild has one of its
 * own, called as the guild is: so the tests of a file share one service and yet never meet.
 */
export class Stage {
  readonly discord: DiscordSimulator;
  readonly dataDir: string;
  readonly #options: Partial<AppOptions>;
  #app: AppInProcess | null = null;

  private constructor(discord: DiscordSimulator, dataDir: string, options: Partial<AppOptions>) {
    this.discord = discord;
    this.dataDir = dataDir;
    this.#options = options;
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
    const stage = new Stage(discord, await mkdtemp(join(tmpdir(), 'omni-test-')), options);
    await stage.start();
    await stage.api.openLimits();
    return stage;
  }

  get app(): AppInProcess {
    if (this.#app === null) throw new Error('The service is stopped.');
    return this.#app;
  }

  get api(): ApiClient {
    return this.app.api;
  }

  async start(): Promise<void> {
    this.#app = await startAppInProcess({
      dataDir: this.dataDir,
      discordApiUrl: this.discord.apiUrl,
      ...this.#options,
    });
  }

  async stop(): Promise<void> {
    await this.#app?.stop();
    this.#app = null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    this.discord.faults.clear();
    await this.stop();
    await this.discord.close();
    await rm(this.dataDir, { recursive: true, force: true });
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

  /** Resolves once the instance is in this state. */
  async reaches(instanceId: string, state: string): Promise<InstanceShown> {
    await expect.poll(async () => (await this.api.instance(instanceId)).state, PATIENCE).toBe(state);
    return this.api.instance(instanceId);
  }

  compare({ id, name }: InstanceShown): Promise<Comparison> {
    return compareWithTruth(this.api, id, this.discord.groundTruth(this.bot(name).token));
  }

  /** Reads of messages so far, by channel. */
  reads(channelId: string): number {
    return this.discord.requests.messagesByChannel.get(channelId) ?? 0;
  }
}
