import { ApiRefused, isOver, type JobShown } from '../harness/api-client.ts';
import type { Cluster } from '../harness/cluster.ts';
import { eventually } from '../harness/eventually.ts';

/** After everything is healed nothing may take longer than this. */
const JOB_MS = 240_000;
const EVERYTHING = { depth: 'all', refresh: true };

/** People who ask every instance for everything, again and again, of whichever node answers. */
export class Workload {
  readonly #cluster: Cluster;
  readonly #instances: readonly string[];
  readonly #running: Promise<void>;
  /** Of every job whose start was answered with 202. */
  readonly accepted: string[] = [];
  #isEnough = false;

  constructor(cluster: Cluster, instances: readonly string[]) {
    this.#cluster = cluster;
    this.#instances = instances;
    this.#running = this.#run();
    // Told by `end`.
    this.#running.catch(() => {});
  }

  /** Resolves when what runs is over and every instance was asked once more; rejects if a job never is. */
  async end(): Promise<void> {
    this.#isEnough = true;
    await this.#running;
    await Promise.all(this.#instances.map((id) => this.#syncAnew(id)));
  }

  /** A job that runs already may have read before the last change: one that begins now must follow it. */
  async #syncAnew(id: string): Promise<void> {
    const before = this.accepted.length;
    let isNew = false;
    while (!isNew) isNew = this.accepted.indexOf(await this.#sync(id), before) >= 0;
  }

  async #run(): Promise<void> {
    await Promise.all(
      this.#instances.map(async (id) => {
        while (!this.#isEnough) await this.#sync(id);
      }),
    );
  }

  /** The job that was waited for: its own, or one that ran already. */
  async #sync(id: string): Promise<string> {
    const jobId = await this.#start(id);
    await eventually(`job ${jobId} is over`, JOB_MS, async (): Promise<JobShown | false> => {
      const job = await this.#cluster.ask((api) => api.job(id, jobId));
      return isOver(job) && job;
    });
    return jobId;
  }

  /** A start of which nobody heard whether it succeeded shows as one that is active already. */
  async #start(id: string): Promise<string> {
    try {
      const { jobId } = await this.#cluster.ask((api) => api.startSync(id, EVERYTHING));
      this.accepted.push(jobId);
      return jobId;
    } catch (error) {
      const active = error instanceof ApiRefused && error.code === 'sync_active' ? activeOf(error.details) : null;
      if (active === null) throw error;
      return active;
    }
  }
}

const activeOf = (details: unknown): string | null =>
  typeof details === 'object' && details !== null && 'jobId' in details && typeof details.jobId === 'string'
    ? details.jobId
    : null;
