import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient, JobEvent, JobShown } from '../harness/api-client.ts';
import { type Comparison, compareWithTruth } from '../harness/compare.ts';
import { furnish } from '../harness/embedded-template.ts';
import { type Launched, launchService, type ServiceOptions } from '../harness/service.ts';
import type { DiscordSimulator } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import { canReadHistory } from '../simulators/discord/world/access.ts';
import { defaultWorld } from '../simulators/discord/world/default-world.ts';
import { execute, whileHeard } from './executioner.ts';
import { killPlan } from './kill-plan.ts';
import { LiveTraffic } from './live-traffic.ts';
import { PageReads } from './page-reads.ts';

export interface ChaosOptions {
  /** World, kills and live traffic follow from it. */
  readonly seed: number;
  readonly kills: number;
  readonly messages: number;
  /** Whether people write, edit and delete meanwhile. */
  readonly live: boolean;
  /** An empty database of PostgreSQL; null: the embedded one. */
  readonly databaseUrl: string | null;
}

/** What a run came to. */
export interface Outcome {
  readonly job: JobShown;
  readonly comparison: Comparison;
  /** What the platform has deleted: whoever was away does not learn of it. */
  readonly deleted: ReadonlySet<string>;
  readonly pages: PageReads;
  /** Every event of the job, from the first. */
  readonly events: readonly JobEvent[];
  /** From each start after a kill to its first request, ms. */
  readonly restartsMs: readonly number[];
  readonly changes: number;
  readonly tookMs: number;
}

const pagesOf = ({ world, bot }: DiscordSimulator): number =>
  [...world.channels()]
    .filter((channel) => canReadHistory(bot, channel))
    .reduce((pages, { log }) => pages + Math.ceil((log?.size ?? 0) / 100), 0);

const firstRequest = (discord: DiscordSimulator): Promise<number> =>
  new Promise((resolve) => {
    const stopListening = discord.requests.onRequest(() => {
      stopListening();
      resolve(performance.now());
    });
  });

const eventsOf = async (api: ApiClient, { instanceId, jobId }: JobShown): Promise<readonly JobEvent[]> => {
  const events: JobEvent[] = [];
  for await (const event of api.follow(instanceId, jobId, { after: '0' })) events.push(event);
  return events;
};

/** One service, one instance, one job; killed again and again, and started again without a word. */
class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #discord: DiscordSimulator;
  readonly #service: ServiceOptions;
  readonly #pages = new PageReads();
  readonly #restartsMs: number[] = [];
  readonly #traffic: LiveTraffic | null;
  #launched: Launched;

  constructor(options: ChaosOptions, discord: DiscordSimulator, dataDir: string) {
    const { databaseUrl, seed, live } = options;
    this.#options = options;
    this.#discord = discord;
    this.#service = { dataDir, discordApiUrl: discord.apiUrl, ...(databaseUrl === null ? {} : { databaseUrl }) };
    this.#traffic = live ? new LiveTraffic(discord, seed) : null;
    discord.requests.onRequest((request) => this.#pages.note(request));
    this.#launched = launchService(this.#service);
  }

  async run(): Promise<Outcome> {
    const startedAt = performance.now();
    const { api } = await this.#launched.listening;
    await api.openLimits();
    const instance = await api.createInstance(this.#discord.token);
    const { jobId } = await api.startSync(instance.id, { depth: 'all' });
    await this.#killAsPlanned();
    const job = await this.#finish(instance.id, jobId);
    const last = await this.#launched.listening;
    return {
      job,
      comparison: await compareWithTruth(last.api, instance.id, this.#discord.groundTruth()),
      deleted: new Set([...this.#discord.deleted()].map(({ messageId }) => messageId)),
      pages: this.#pages,
      events: await eventsOf(last.api, job),
      restartsMs: this.#restartsMs,
      changes: this.#traffic?.changes ?? 0,
      tookMs: performance.now() - startedAt,
    };
  }

  async end(): Promise<void> {
    await this.#launched.child.end('SIGKILL');
  }

  async #killAsPlanned(): Promise<void> {
    const { seed, kills } = this.#options;
    const traffic = this.#traffic;
    if (traffic !== null) this.#discord.requests.onRequest(() => traffic.sometimes());
    for (const kill of killPlan(seed, kills, pagesOf(this.#discord))) {
      await execute(this.#discord, this.#launched.child, kill);
      this.#pages.killed();
      traffic?.duringOutage();
      this.#restart();
    }
  }

  #restart(): void {
    const startedAt = performance.now();
    void firstRequest(this.#discord).then((at) => this.#restartsMs.push(at - startedAt));
    this.#launched = launchService(this.#service);
    // It may be killed before it listens.
    this.#launched.listening.catch(() => {});
  }

  /** What was written and edited while nobody was there shows when it is read again. */
  async #finish(instanceId: string, jobId: string): Promise<JobShown> {
    const { child, listening } = this.#launched;
    const { api } = await whileHeard(this.#discord, child, listening);
    const job = await whileHeard(this.#discord, child, api.finished(instanceId, jobId));
    if (this.#traffic !== null) await api.sync(instanceId, { depth: 'all', refresh: true });
    return job;
  }
}

/** Runs the plan that follows from the seed, on a service, a database and a simulated Discord of its own. */
export const runChaos = async (options: ChaosOptions): Promise<Outcome> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-chaos-'));
  await furnish(dataDir);
  const discord = await startDiscordSimulator({
    seed: options.seed,
    world: defaultWorld(Date.now(), { messages: options.messages }),
    rateLimits: 'off',
    identifyIntervalMs: 0,
  });
  const run = new ChaosRun(options, discord, dataDir);
  try {
    return await run.run();
  } finally {
    await run.end();
    await discord.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};
