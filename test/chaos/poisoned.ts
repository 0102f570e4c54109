import { setTimeout } from 'node:timers/promises';
import { type ApiClient, ApiRefused, type JobShown } from '../harness/api-client.ts';
import { eventually } from '../harness/eventually.ts';
import { type Strike, strikeAt } from '../harness/faults/strike.ts';
import type { ServiceProcess } from '../harness/service-process.ts';

/** As often as a command is tried. */
export const TRIES = 5;
const PATIENCE_MS = 180_000;
const LOOK_EVERY_MS = 50;

export interface DeadLetterShown {
  readonly id: string;
  readonly instanceId: string;
  readonly command: { readonly type: string; readonly jobId?: string };
  readonly reason: string;
  readonly attempts: number;
}

/** A command that kills whichever process runs it, in each try just before its commit. */
export const poisonOf = (channelId: string): Strike => strikeAt('before-commit', 'kill', null, channelId);

/** Services on one database, whichever of them answers. */
export class Poisoned {
  readonly #services: readonly ServiceProcess[];
  /** How many processes the poison has killed. */
  kills = 0;

  constructor(services: readonly ServiceProcess[]) {
    this.#services = services;
  }

  /** What `call` gives on the first service that gives anything. A refusal is passed on. */
  async ask<A>(call: (api: ApiClient) => Promise<A>): Promise<A> {
    const answer = await eventually('a service answers', PATIENCE_MS, async () => {
      for (const service of this.#services.filter(({ isRunning }) => isRunning)) {
        try {
          return { given: await call(service.api) };
        } catch (error) {
          if (error instanceof ApiRefused && error.status < 500) return { refused: error };
        }
      }
      return null;
    });
    if ('refused' in answer) throw answer.refused;
    return answer.given;
  }

  async deadLetters(): Promise<readonly DeadLetterShown[]> {
    return this.ask((api) => Array.fromAsync(api.list<DeadLetterShown>('/debug/dead-letters')));
  }

  /** Every service dies of the poison from now on. */
  async poison(strike: Strike): Promise<void> {
    await Promise.all(this.#services.map((service) => service.arm(strike)));
  }

  async cure(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.disarm()));
  }

  /** Starts every service that dies again, poison and all, until the job is over. */
  async outlive(strike: Strike, instanceId: string, jobId: string): Promise<JobShown> {
    const over = new AbortController();
    const revived = Promise.all(this.#services.map((service) => this.#revive(service, strike, over.signal)));
    try {
      return await eventually(`job ${jobId} fails`, PATIENCE_MS, async () => {
        const job = await this.ask((api) => api.job(instanceId, jobId));
        return ['failed', 'completed', 'cancelled'].includes(job.status) && job;
      });
    } finally {
      over.abort();
      await revived;
    }
  }

  async #revive(service: ServiceProcess, strike: Strike, over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      if (service.isRunning) {
        await setTimeout(LOOK_EVERY_MS);
        continue;
      }
      this.kills += 1;
      // It may die of the poison before it listens.
      await service.start([strike]).catch(() => {});
    }
    if (!service.isRunning) await service.start([strike]);
  }
}
