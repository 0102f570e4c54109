import { Clock, Effect, Exit, Scope } from 'effect';
import type { Channel, ConnectionReport } from '../../../src/channels/channel.ts';
import type { InstanceId } from '../../../src/domain/ids.ts';
import { type Log, silentLog } from '../../../src/domain/log.ts';
import { silentMetrics } from '../../../src/domain/metrics.ts';
import type { Fence } from '../../../src/runtime/fence.ts';
import { inProcessCarrier } from '../../../src/runtime/messaging/in-process-carrier.ts';
import { type Node, startNode } from '../../../src/runtime/node/node.ts';
import type { SyncTransaction } from '../../../src/sync/store.ts';
import { syncWork } from '../../../src/sync/sync-work.ts';
import { memoryVault } from '../../harness/memory-vault.ts';
import { noPeople } from '../../harness/no-people.ts';
import type { SimulatedClock } from '../../simulated-clock.ts';
import type { Chance } from '../../simulators/discord/chance.ts';
import { forgetfulSyncStore } from '../forgetful-sync-store.ts';
import type { MemoryRuntimeStore } from '../memory-runtime-store.ts';
import type { ModelPlatform } from '../model-platform.ts';
import { HaltingClock } from './halting-clock.ts';
import { MemoryClusterStore, type Reach } from './memory-cluster-store.ts';
import type { MemoryPartitions } from './memory-partitions.ts';
import type { SharedMailbox } from './shared-mailbox.ts';

/** The platform is slow, so that trouble finds requests under way. */
const PLATFORM_MS = 400;
const LIMITS = { messages: 600, contacts: 600, unit: 'request', atOnce: null } as const;

/**
 * A guarantee that is taken away, to see whether anybody would notice: the fence of a commit, the end of the trust in a
 * lease (and with it of permits), the order in which commands are read.
 */
export type Weakness = 'no fence' | 'endless trust' | 'no order';

/** What lies around a node, the same for all. */
export interface Surroundings {
  readonly weakness: Weakness | null;
  readonly clock: SimulatedClock;
  readonly instances: ReadonlyMap<InstanceId, MemoryRuntimeStore>;
  readonly partitions: MemoryPartitions;
  readonly mailbox: SharedMailbox;
  readonly chance: Chance;
  readonly isDatabaseAway: boolean;
  readonly uuid: () => string;
  readonly platformOf: (id: InstanceId) => ModelPlatform;
  /** Told of each request that leaves a node for the platform. */
  readonly asked: (node: SimulatedNode, id: InstanceId) => void;
  /** Told of each step that a node has committed. */
  readonly committed: (node: SimulatedNode, fence: Fence) => void;
}

/** A process with the real core in it, which can be halted, killed, and cut off from the database. */
export class SimulatedNode {
  readonly id: string;
  readonly clock: HaltingClock;
  reach: Reach = 'open';
  /** To whom it is connected. */
  readonly connected = new Set<string>();
  /** Its log, for whoever looks into a run that went wrong. */
  readonly said: string[] = [];
  readonly #cluster: Surroundings;
  readonly #scope = Scope.makeUnsafe();
  #isDead = false;
  #isEnding = false;
  #node: Node<SyncTransaction> | null = null;

  constructor(cluster: Surroundings) {
    this.#cluster = cluster;
    this.id = cluster.uuid();
    this.clock = new HaltingClock(cluster.clock, cluster.weakness === 'endless trust');
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  get ownedPartitions(): readonly number[] {
    return this.#node?.ownedPartitions() ?? [];
  }

  start(): void {
    const { instances, partitions, mailbox, chance, uuid } = this.#cluster;
    const reach = (): Reach => (this.#cluster.isDatabaseAway ? 'cut' : this.reach);
    const node = startNode({
      nodeId: this.id,
      isAlone: false,
      restoresAtOnce: 20,
      renewed: () => {},
      store: new MemoryClusterStore(
        { instances, partitions, isOrdered: this.#cluster.weakness !== 'no order' },
        this.clock,
        reach,
        (fence) => this.#cluster.committed(this, fence),
      ),
      mailbox: mailbox.of(this.clock),
      carrier: inProcessCarrier(),
      work: syncWork(forgetfulSyncStore, () => '7d'),
      channelOf: () => this.#channel,
      credentials: () => Effect.succeed({ token: 'token' }),
      vault: memoryVault,
      limits: () => LIMITS,
      chance: { random: () => chance.next(), uuid },
      metrics: silentMetrics,
      log: this.#log,
    });
    void this.#run(Scope.provide(node, this.#scope)).then((started) => {
      this.#node = started;
    });
  }

  /** As SIGKILL does: it never gets to do anything again. */
  kill(): void {
    this.#isDead = true;
    this.clock.halt();
  }

  /** As SIGTERM does; resolves when it has put everything down. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#run(Scope.close(this.#scope, Exit.void));
    this.#isDead = true;
  }

  #run<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
    return Effect.runPromise(Effect.provideService(effect, Clock.Clock, this.clock));
  }

  #say(fields: Record<string, unknown>, message: string): void {
    this.said.push(`${this.clock.currentTimeMillisUnsafe()} ${message} ${JSON.stringify(fields)}`);
  }

  readonly #log: Log = {
    ...silentLog,
    info: (fields, message) => this.#say(fields, message),
    warn: (fields, message) => this.#say(fields, message),
    error: (fields, message) => this.#say(fields, message),
  };

  /** The platform, as it is reached from this process. */
  readonly #channel: Channel = {
    name: 'discord',
    traits: { readsBelow: 'anything', pairs: false, hasAliases: false, requestsAtOnce: null, datesEdits: true },
    refuseCredentials: () => null,
    open: (request) =>
      Effect.gen({ self: this }, function* () {
        const { instanceId } = request;
        const report = (told: ConnectionReport) => this.clock.inside(() => request.report(told));
        const ask = () => this.#cluster.asked(this, instanceId as InstanceId);
        ask();
        yield* Effect.acquireRelease(
          Effect.sync(() => this.connected.add(instanceId)),
          () => Effect.sync(() => this.connected.delete(instanceId)),
        );
        const { directory, history } = yield* this.#cluster.platformOf(instanceId).channel.open({ ...request, report });
        const noted = <A, E>(work: Effect.Effect<A, E>) =>
          Effect.sync(ask).pipe(Effect.andThen(work), Effect.tap(Effect.sleep(PLATFORM_MS)));
        return {
          directory: { read: (page) => noted(directory.read(page)) },
          history: { pageSize: history.pageSize, read: (page) => noted(history.read(page)) },
          contacts: noPeople,
          groups: noPeople,
          pushed: null,
          logOut: Effect.void,
        };
      }),
  };
}
