import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Clock, Effect, Exit, Scope } from 'effect';
import type { RateLimitContext } from '../../machines/rate-limit-context.ts';
import type { SyncJobContext } from '../../machines/sync-job-context.ts';
import type { Channel } from '../../src/channels/channel.ts';
import type { Command } from '../../src/domain/command.ts';
import type { SyncDepth } from '../../src/domain/depth.ts';
import type { InstanceId, JobId } from '../../src/domain/ids.ts';
import type { JobConfig } from '../../src/domain/job.ts';
import { type Log, silentLog } from '../../src/domain/log.ts';
import { type Metrics, silentMetrics } from '../../src/domain/metrics.ts';
import { inProcessMessaging } from '../../src/runtime/messaging/messaging.ts';
import { type Node, startNode } from '../../src/runtime/node/node.ts';
import { partitionOf } from '../../src/runtime/partition.ts';
import type { SyncStore, SyncTransaction } from '../../src/sync/store.ts';
import { syncWork } from '../../src/sync/sync-work.ts';
import { memoryVault } from '../harness/memory-vault.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import type { MemoryStore } from '../sync/memory-store.ts';
import { forgetfulSyncStore } from './forgetful-sync-store.ts';
import { MemoryRuntimeStore } from './memory-runtime-store.ts';
import { ModelPlatform } from './model-platform.ts';
import { anchorsOf, type SilentPhone } from './silent-phone.ts';

const ENDED = new Set(['completed', 'failed', 'cancelled']);
export const LIMITS = { messages: 60, contacts: 60, unit: 'request', atOnce: null } as const;

const settled = async (): Promise<void> => {
  for (let turns = 0; turns < 4; turns++) await setImmediate();
};

/** The real core of the service, with its database and its platform in memory, on simulated time. */
export class CoreWorld {
  readonly id = randomUUID() as InstanceId;
  readonly clock = new SimulatedClock();
  readonly store = new MemoryRuntimeStore(this.id);
  readonly platform: ModelPlatform;
  /** How far back an instance syncs that connects for the first time; null: none syncs by itself. */
  depthOnConnect: SyncDepth | null = null;
  /** What the log said as an error. */
  readonly errors: string[] = [];
  /** What the log said besides. */
  readonly said: { readonly level: 'info' | 'warn'; readonly fields: object; readonly message: string }[] = [];
  /** What was counted, by name and labels. */
  readonly counted = new Map<string, number>();
  readonly #channel: Channel;
  readonly #reads: SyncStore;
  #messaging = inProcessMessaging();
  #scope: Scope.Closeable | null = null;
  #node: Node<SyncTransaction> | null = null;
  /** Set by the first check that fails. */
  broken: string | null = null;

  /** `phone`: the platform reads only below what is held, and answers as this phone does. */
  constructor(names: readonly string[], phone: SilentPhone | null = null) {
    this.platform = new ModelPlatform(names);
    this.#channel = phone === null ? this.platform.channel : phone.over(this.platform);
    this.#reads = phone === null ? forgetfulSyncStore : anchorsOf(() => this.store.rows);
    this.store.onCommit = (rows) => {
      this.broken ??= whatIsWrong(rows);
    };
  }

  get now(): number {
    return this.clock.now();
  }

  get node(): Node<SyncTransaction> | null {
    return this.#node;
  }

  get jobs(): ReadonlyMap<string, { readonly status: string; readonly context: SyncJobContext }> {
    return new Map(
      [...this.store.rows.jobs].map(([id, { status, snapshot }]) => [
        id,
        { status, context: snapshot.context as SyncJobContext },
      ]),
    );
  }

  get areJobsOver(): boolean {
    return this.store.jobIds.every((id) => ENDED.has(this.store.rows.jobs.get(id)?.status ?? 'pending'));
  }

  async start(): Promise<void> {
    const scope = Scope.makeUnsafe();
    const log: Log = {
      ...silentLog,
      info: (fields, message) => void this.said.push({ level: 'info', fields, message }),
      warn: (fields, message) => void this.said.push({ level: 'warn', fields, message }),
      error: (_fields, message) => void this.errors.push(message),
    };
    const count: Metrics['count'] = (name, labels, by = 1) => {
      const key = [name, ...Object.values(labels)].join(' ');
      this.counted.set(key, (this.counted.get(key) ?? 0) + by);
    };
    this.#messaging = inProcessMessaging();
    const { mailbox, carrier } = this.#messaging;
    const node = startNode({
      nodeId: randomUUID(),
      isAlone: true,
      restoresAtOnce: 20,
      renewed: () => {},
      store: this.store,
      mailbox,
      carrier,
      work: syncWork(this.#reads, () => this.depthOnConnect),
      channelOf: () => this.#channel,
      credentials: () => Effect.succeed({ token: 'token' }),
      vault: memoryVault,
      limits: () => ({ ...LIMITS, atOnce: this.#channel.traits.requestsAtOnce }),
      chance: { random: Math.random, uuid: randomUUID },
      metrics: { ...silentMetrics, count },
      log,
    });
    this.#node = await this.#run(Scope.provide(node, scope));
    this.#scope = scope;
  }

  async stop(): Promise<void> {
    if (this.#scope === null) return;
    let isOver = false;
    const closing = this.#run(Scope.close(this.#scope, Exit.void)).then(() => {
      isOver = true;
    });
    this.#scope = null;
    this.#node = null;
    await settled();
    // A step that is being tried again is waited for.
    while (!isOver) await this.wait(1);
    await closing;
  }

  /** Commits a command, and lets the mailbox carry it unless it shall get lost. */
  async submit(command: Command, lost = false): Promise<void> {
    const letter = this.store.submit(command, this.now);
    if (!lost) await this.#run(this.#messaging.mailbox.publish(letter, partitionOf(this.id)));
  }

  async sync(changes: Partial<JobConfig> = {}): Promise<JobId> {
    const jobId = randomUUID() as JobId;
    const config: JobConfig = {
      type: 'messages',
      depth: 'all',
      since: 0,
      until: null,
      channelId: null,
      conversationIds: null,
      refresh: false,
      ...changes,
    };
    await this.submit({ type: 'startSync', jobId, config });
    return jobId;
  }

  async wait(ms: number): Promise<void> {
    await this.clock.advance(ms, settled);
  }

  #run<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
    return Effect.runPromise(Effect.provideService(effect, Clock.Clock, this.clock));
  }
}

/** What must be true of the rows after every commit; null: it is. */
export const whatIsWrong = (rows: MemoryStore): string | null => {
  const limiter = rows.actors.get('rate-limit')?.context as RateLimitContext | undefined;
  const walked = new Set<string>();
  for (const [jobId, { status, waitingFor, snapshot }] of rows.jobs) {
    const { permits, walk, retryAt, progress } = snapshot.context as SyncJobContext;
    const held = limiter?.held.filter(({ job }) => job === jobId).length ?? 0;
    const waiter = limiter?.queue.find(({ job }) => job === jobId);
    const of = `job in ${status}, waiting for ${JSON.stringify(waitingFor)}:`;
    if (permits.length > 2) return `${of} ${permits.length} permits`;
    if (held !== permits.length) return `${of} the limiter holds ${held} permits, the job ${permits.length}`;
    if ((status === 'running') !== permits.length > 0) return `${of} ${permits.length} permits`;
    if (waiter !== undefined && status !== 'waiting') return `${of} it waits in the limiter's queue`;
    if (waiter !== undefined && waiter.run !== walk?.run) return `${of} a former run waits in the limiter's queue`;
    if (status === 'waiting' && !willWake(rows, jobId)) return `${of} nothing will ever wake it, retryAt ${retryAt}`;
    const { fetched, stored, duplicates, updated, malformed } = progress;
    if (fetched !== stored + duplicates + updated + malformed) return `${of} figures that do not add up`;
    if (ENDED.has(status) || walk?.kind !== 'messages') continue;
    if (walked.has(walk.conversationId)) return `${of} two jobs walk the same conversation`;
    walked.add(walk.conversationId);
  }
  const continuities = rows.catchingUp.catchUps.map(({ continuity }) => continuity);
  return new Set(continuities).size < continuities.length ? 'it caught up twice after one gap' : null;
};

/** Whether a waiting job waits for something that comes: the connection, the limiter, an instant, or another job. */
const willWake = (rows: MemoryStore, jobId: string): boolean => {
  const context = rows.jobs.get(jobId)?.snapshot.context as SyncJobContext;
  const limiter = rows.actors.get('rate-limit')?.context as RateLimitContext | undefined;
  if (!context.online || context.retryAt !== null) return true;
  if (limiter?.queue.some(({ job }) => job === jobId)) return true;
  return (
    context.waitingFor?.what === 'walk' &&
    [...rows.jobs].some(([id, { status, snapshot }]) => {
      const { walk } = snapshot.context as SyncJobContext;
      return id !== jobId && !ENDED.has(status) && walk?.kind === 'messages';
    })
  );
};
