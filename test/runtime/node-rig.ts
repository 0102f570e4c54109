import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Clock, Effect, Exit, Scope } from 'effect';
import type { Command, Letter } from '../../src/domain/command.ts';
import type { OutboxEvent } from '../../src/domain/event.ts';
import type { InstanceId } from '../../src/domain/ids.ts';
import { type Log, silentLog } from '../../src/domain/log.ts';
import { silentMetrics } from '../../src/domain/metrics.ts';
import type { InstanceProcess } from '../../src/runtime/instance/instance-process.ts';
import { inProcessMessaging } from '../../src/runtime/messaging/messaging.ts';
import { type Node, startNode } from '../../src/runtime/node/node.ts';
import { partitionOf } from '../../src/runtime/partition.ts';
import type { RuntimeStore } from '../../src/runtime/store/runtime-store.ts';
import type { SyncTransaction } from '../../src/sync/store.ts';
import { syncWork } from '../../src/sync/sync-work.ts';
import type { StoreRig } from '../contract/store-driver.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import { ModelPlatform } from './model-platform.ts';

type Store = RuntimeStore<SyncTransaction>;

/** What a test puts between the node and its database. */
export type Tampering = (store: Store) => Partial<Store>;

/** What the service takes for a small pool. */
export const RESTORES_AT_ONCE = 4;

const QUIET_TURNS = 8;

/** A node on a real database, with a simulated clock and a platform in memory. Nothing happens while nobody waits. */
export class NodeRig {
  readonly clock = new SimulatedClock(Date.now());
  readonly platform = new ModelPlatform(['one']);
  readonly rig: StoreRig;
  readonly errors: string[] = [];
  readonly published: OutboxEvent[] = [];
  readonly messaging = inProcessMessaging();
  readonly #store: Store;
  #pending = 0;
  #scope: Scope.Closeable | null = null;
  #node: Node<SyncTransaction> | null = null;

  constructor(rig: StoreRig, tamper: Tampering = () => ({})) {
    this.rig = rig;
    const store = { ...rig.db.runtime, ...tamper(rig.db.runtime) };
    const counted = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.suspend(() => {
        this.#pending++;
        return Effect.ensuring(
          effect,
          Effect.sync(() => void this.#pending--),
        );
      });
    this.#store = {
      ...store,
      step: (fence, body) => counted(store.step(fence, body)),
      load: (id) => counted(store.load(id)),
      instancesToRestore: (partitions) => counted(store.instancesToRestore(partitions)),
      openCommands: (id, after, limit) => counted(store.openCommands(id, after, limit)),
      undelivered: (partitions, before, limit, after) => counted(store.undelivered(partitions, before, limit, after)),
      removals: {
        toLetGo: (partitions, living) => counted(store.removals.toLetGo(partitions, living)),
        letGo: (fences, ids) => counted(store.removals.letGo(fences, ids)),
      },
      beginAgain: (fence, letter) => counted(store.beginAgain(fence, letter)),
      outbox: {
        ...store.outbox,
        unsent: (partitions, limit) => counted(store.outbox.unsent(partitions, limit)),
        markSent: (ids, at) => counted(store.outbox.markSent(ids, at)),
      },
    };
    this.messaging.carrier.subscribe((event) => this.published.push(event));
  }

  get node(): Node<SyncTransaction> {
    if (this.#node === null) throw new Error('The node is stopped');
    return this.#node;
  }

  process(id: InstanceId): InstanceProcess<SyncTransaction> | null {
    return this.node.find(id);
  }

  state(id: InstanceId): string | null {
    return this.process(id)?.live?.actors.supervisor.value ?? null;
  }

  async start(): Promise<void> {
    const scope = Scope.makeUnsafe();
    const log: Log = { ...silentLog, error: (_fields, message) => void this.errors.push(message) };
    const node = startNode({
      nodeId: randomUUID(),
      isAlone: true,
      restoresAtOnce: RESTORES_AT_ONCE,
      renewed: () => {},
      store: this.#store,
      mailbox: this.messaging.mailbox,
      carrier: this.messaging.carrier,
      work: syncWork(this.rig.db.sync, () => null),
      channelOf: () => this.platform.channel,
      credentials: () => Effect.succeed({ token: 'token' }),
      vault: this.rig.db.vault,
      limits: () => ({ messages: 600, contacts: 600, unit: 'request', atOnce: null }),
      chance: { random: () => 0, uuid: randomUUID },
      metrics: silentMetrics,
      log,
    });
    this.#node = await this.#run(Scope.provide(node, scope));
    this.#scope = scope;
    await this.wait(100);
  }

  async stop(): Promise<void> {
    if (this.#scope === null) return;
    let isOver = false;
    const closing = this.#run(Scope.close(this.#scope, Exit.void)).then(() => {
      isOver = true;
    });
    this.#scope = null;
    this.#node = null;
    await this.#settled();
    while (!isOver) await this.wait(10);
    await closing;
  }

  /** Commits a command without telling anybody. */
  accept(id: InstanceId, command: Command): Promise<Letter> {
    return Effect.runPromise(this.rig.db.commands.submit(id, command, this.clock.now()));
  }

  async deliver(letter: Letter): Promise<void> {
    await this.#run(this.messaging.mailbox.publish(letter, partitionOf(letter.instanceId)));
    await this.wait(100);
  }

  async submit(id: InstanceId, command: Command): Promise<Letter> {
    const letter = await this.accept(id, command);
    await this.deliver(letter);
    return letter;
  }

  wait(ms: number): Promise<void> {
    return this.clock.advance(ms, this.#settled);
  }

  readonly #settled = async (): Promise<void> => {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await setImmediate();
      if (this.#pending > 0) quiet = 0;
    }
  };

  #run<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
    return Effect.runPromise(Effect.provideService(effect, Clock.Clock, this.clock));
  }
}
