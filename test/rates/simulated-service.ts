import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Clock, Effect, Exit, Scope } from 'effect';
import { REAL_PARTS, startApp } from '../../src/app.ts';
import { silentLog } from '../../src/domain/log.ts';
import { ApiClient, type JobShown } from '../harness/api-client.ts';
import { furnish } from '../harness/embedded-template.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import type { DiscordSimulator, SimulatorOptions } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import type { WorldPlan } from '../simulators/discord/world/world-plan.ts';
import { Traffic } from './traffic.ts';

/** Turns of the event loop in a row in which nothing is asked before time may go on. */
const QUIET_TURNS = 60;

const HTTP_BEGINS = ['undici:request:create'];
const HTTP_ENDS = ['undici:request:trailers', 'undici:request:error'];

/** Counts the HTTP requests of this process that have not been answered to the end. */
class Pending {
  count = 0;
  readonly #begin = (): void => void this.count++;
  readonly #end = (): void => void this.count--;

  watch(): void {
    for (const name of HTTP_BEGINS) subscribe(name, this.#begin);
    for (const name of HTTP_ENDS) subscribe(name, this.#end);
  }

  stop(): void {
    for (const name of HTTP_BEGINS) unsubscribe(name, this.#begin);
    for (const name of HTTP_ENDS) unsubscribe(name, this.#end);
  }
}

/**
 * The whole service and a simulated Discord on one simulated clock. Time stands still but while `run` lets it pass,
 * and then it jumps from timer to timer, each as soon as everything before it is done.
 */
export class SimulatedService {
  readonly clock = new SimulatedClock();
  readonly discord: DiscordSimulator;
  readonly traffic: Traffic;
  readonly #dataDir: string;
  readonly #pending = new Pending();
  readonly #stop = new AbortController();
  readonly #driving: Promise<void>;
  #mayRun = Promise.withResolvers<void>();
  #scope: Scope.Closeable | null = null;
  #api: ApiClient | null = null;

  private constructor(discord: DiscordSimulator, clock: SimulatedClock, dataDir: string) {
    this.discord = discord;
    this.clock = clock;
    this.traffic = new Traffic(discord.requests);
    this.#dataDir = dataDir;
    this.#pending.watch();
    this.#driving = this.clock.autoAdvance(() => this.#settled(), this.#stop.signal);
  }

  static async open(plan: (now: number) => WorldPlan, options: SimulatorOptions = {}): Promise<SimulatedService> {
    const clock = new SimulatedClock();
    const discord = await startDiscordSimulator({
      now: clock.now,
      world: plan(clock.now()),
      identifyIntervalMs: 0,
      ...options,
    });
    const dataDir = await mkdtemp(join(tmpdir(), 'omni-rates-'));
    await furnish(dataDir);
    const service = new SimulatedService(discord, clock, dataDir);
    await service.start();
    await service.api.nothingByItself();
    return service;
  }

  get api(): ApiClient {
    if (this.#api === null) throw new Error('The service is stopped.');
    return this.#api;
  }

  get now(): number {
    return this.clock.now();
  }

  async start(): Promise<void> {
    const scope = Scope.makeUnsafe();
    const config = {
      host: '127.0.0.1',
      port: 0,
      apiKey: null,
      dataDir: this.#dataDir,
      databaseUrl: null,
      databasePoolSize: 10,
      nats: null,
      secretKey: null,
      previousSecretKeys: [],
      whatsappSocketUrl: null,
      whatsappMediaUrl: null,
      discordApiUrl: this.discord.apiUrl,
      logLevel: 'silent' as const,
    };
    const { port } = await this.#effect(
      Scope.provide(startApp(config, silentLog, { ...REAL_PARTS, uptimeMs: this.clock.now }), scope),
    );
    this.#scope = scope;
    this.#api = new ApiClient(`http://127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    if (this.#scope !== null) await this.#effect(Scope.close(this.#scope, Exit.void));
    this.#scope = null;
    this.#api = null;
  }

  async close(): Promise<void> {
    await this.stop();
    this.#stop.abort();
    this.#mayRun.resolve();
    await this.#driving;
    this.#pending.stop();
    await this.discord.close();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  /** Lets `ms` of simulated time pass. */
  async run(ms: number): Promise<void> {
    const over = this.#effect(Effect.sleep(ms));
    this.#mayRun.resolve();
    await over;
    this.#mayRun = Promise.withResolvers();
    await this.#quiet();
  }

  /** An instance of a bot, online. No time passes meanwhile. */
  async instance(token = this.discord.token): Promise<string> {
    const { id } = await this.api.createInstance(token, `bot ${token.slice(0, 4)}`);
    await this.online(id);
    return id;
  }

  /** Waits until it is online, while the clock stands still. */
  online(id: string): Promise<void> {
    return this.state(id, 'online');
  }

  /** Waits until it is in a state, while the clock stands still. */
  async state(id: string, state: string): Promise<void> {
    while ((await this.api.instance(id)).state !== state) await setImmediate();
  }

  async sync(instanceId: string, request: Record<string, unknown> = { depth: 'all' }): Promise<string> {
    return (await this.api.startSync(instanceId, request)).jobId;
  }

  job(instanceId: string, jobId: string): Promise<JobShown> {
    return this.api.job(instanceId, jobId);
  }

  #effect<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
    return Effect.runPromise(Effect.provideService(effect, Clock.Clock, this.clock));
  }

  async #settled(): Promise<void> {
    await this.#mayRun.promise;
    await this.#quiet();
  }

  async #quiet(): Promise<void> {
    let seen = this.traffic.total;
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await setImmediate();
      if (this.#pending.count === 0 && seen === this.traffic.total) continue;
      seen = this.traffic.total;
      quiet = 0;
    }
  }
}
