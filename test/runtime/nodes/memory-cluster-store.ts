import { Deferred, Effect, Fiber } from 'effect';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import type { InstanceId } from '../../../src/domain/ids.ts';
import type { Fence } from '../../../src/runtime/fence.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';
import type { RuntimeStore } from '../../../src/runtime/store/runtime-store.ts';
import type { SyncTransaction } from '../../../src/sync/store.ts';
import type { MemoryRuntimeStore } from '../memory-runtime-store.ts';
import type { HaltingClock } from './halting-clock.ts';
import type { MemoryPartitions } from './memory-partitions.ts';

/** How a node reaches the database: at once, not at all, or with statements that nobody answers. */
export type Reach = 'open' | 'cut' | 'stalled';

/** One way of a statement, ms. */
const WAY_MS = 3;
/** How soon what a stalled network held back goes on, ms. */
const LOOK_EVERY_MS = 100;
/** Patience with a network that swallows everything, ms: of work, and of the lease. */
const PATIENCE_MS = 20_000;
const LEASE_PATIENCE_MS = 2_500;

const away = (why: string) => Effect.fail(new StoreUnavailable({ cause: why }));

/** What all nodes share. */
export interface MemoryDatabase {
  readonly instances: ReadonlyMap<InstanceId, MemoryRuntimeStore>;
  readonly partitions: MemoryPartitions;
  /** False: open commands are read as if nobody had asked for their order. */
  readonly isOrdered: boolean;
}

/** The one database of several nodes, one instance to a partition, as one of the nodes sees it over its wire. */
export class MemoryClusterStore implements RuntimeStore<SyncTransaction> {
  readonly #instances: MemoryDatabase['instances'];
  readonly #partitions: MemoryPartitions;
  readonly #isOrdered: boolean;
  readonly #clock: HaltingClock;
  readonly #reach: () => Reach;
  readonly #committed: (fence: Fence) => void;

  constructor(
    { instances, partitions, isOrdered }: MemoryDatabase,
    clock: HaltingClock,
    reach: () => Reach,
    committed: (fence: Fence) => void,
  ) {
    this.#instances = instances;
    this.#partitions = partitions;
    this.#isOrdered = isOrdered;
    this.#clock = clock;
    this.#reach = reach;
    this.#committed = committed;
  }

  readonly step: RuntimeStore<SyncTransaction>['step'] = (fence, body) =>
    this.#overTheWire(
      Effect.suspend(() => {
        this.#partitions.lock(fence.partition, true);
        const unlock = Effect.sync(() => this.#partitions.lock(fence.partition, false));
        const committed = Effect.sync(() => this.#committed(fence));
        return Effect.ensuring(Effect.tap(this.#at(fence.partition).step(fence, body), committed), unlock);
      }),
    );

  readonly beginAgain: RuntimeStore<SyncTransaction>['beginAgain'] = (fence, letter) =>
    this.#overTheWire(Effect.suspend(() => this.#at(fence.partition).beginAgain(fence, letter)));

  readonly load: RuntimeStore<SyncTransaction>['load'] = (id) =>
    this.#overTheWire(Effect.suspend(() => this.#of(id).load()));

  readonly instancesToRestore: RuntimeStore<SyncTransaction>['instancesToRestore'] = (partitions) =>
    this.#overTheWire(
      Effect.map(
        Effect.forEach(this.#in(partitions), (store) => store.instancesToRestore()),
        (ids) => ids.flat(),
      ),
    );

  readonly openCommands: RuntimeStore<SyncTransaction>['openCommands'] = (id, afterSeq, limit) =>
    this.#overTheWire(
      Effect.map(
        Effect.suspend(() => this.#of(id).openCommands(id, afterSeq, limit)),
        (letters) => (this.#isOrdered ? letters : letters.toReversed()),
      ),
    );

  readonly undelivered: RuntimeStore<SyncTransaction>['undelivered'] = (partitions, before, limit) =>
    this.#overTheWire(
      Effect.map(
        Effect.forEach(this.#in(partitions), (store) => store.undelivered(partitions, before, limit)),
        (letters) => letters.flat(),
      ),
    );

  readonly removals: RuntimeStore<SyncTransaction>['removals'] = {
    toLetGo: () => Effect.succeed([]),
    letGo: () => Effect.void,
  };

  readonly outbox: RuntimeStore<SyncTransaction>['outbox'] = {
    unsent: () => Effect.succeed([]),
    markSent: () => Effect.void,
    since: () => Effect.succeed([]),
  };

  get leases(): RuntimeStore<SyncTransaction>['leases'] {
    const { renew, liveNodes, roster, needs, claim, claimAll, release, disown, leave } = this.#partitions.leases;
    const sent = <A, E>(work: Effect.Effect<A, E>) => this.#overTheWire(work, LEASE_PATIENCE_MS);
    return {
      renew: (node, leaseMs, versions) => sent(renew(node, leaseMs, versions)),
      liveNodes: sent(liveNodes),
      roster: sent(roster),
      needs: (partitions) => sent(needs(partitions)),
      claim: (node, held, wanted, versions) => sent(claim(node, held, wanted, versions)),
      claimAll,
      release: (node, fences) => sent(release(node, fences)),
      disown: (node, held) => sent(disown(node, held)),
      leave: (node) => sent(leave(node)),
    };
  }

  #of(id: InstanceId): MemoryRuntimeStore {
    const store = this.#instances.get(id);
    if (store === undefined) throw new Error(`There is no instance ${id}`);
    return store;
  }

  #at(partition: number): MemoryRuntimeStore {
    const [store] = this.#in([partition]);
    if (store === undefined) throw new Error(`Nobody lives in partition ${partition}`);
    return store;
  }

  #in(partitions: readonly number[]): readonly MemoryRuntimeStore[] {
    return [...this.#instances.values()].filter(({ instanceId }) => partitions.includes(partitionOf(instanceId)));
  }

  /**
   * There and back, where it can get lost either way: an answer that is lost may have been a success, and what a
   * stalled network held back arrives when nobody waits for it any more.
   */
  #overTheWire<A, E>(work: Effect.Effect<A, E>, patienceMs = PATIENCE_MS): Effect.Effect<A, E | StoreUnavailable> {
    const clock = this.#clock;
    return Effect.uninterruptible(
      Effect.gen({ self: this }, function* () {
        yield* clock.running;
        const answer = yield* Deferred.make<A, E | StoreUnavailable>();
        yield* Effect.forkDetach(Deferred.into(this.#thereAndBack(work), answer));
        const patience = yield* Effect.forkDetach(
          Effect.andThen(clock.passes(patienceMs), Deferred.into(away('Nobody answers'), answer)),
        );
        const exit = yield* Effect.exit(Deferred.await(answer));
        yield* Fiber.interrupt(patience);
        yield* clock.running;
        return yield* exit;
      }),
    );
  }

  #thereAndBack<A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E | StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      yield* this.#way();
      const exit = yield* Effect.exit(work);
      yield* this.#way();
      return yield* exit;
    });
  }

  #way(): Effect.Effect<void, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      yield* this.#clock.passes(WAY_MS);
      while (this.#reach() === 'stalled') yield* this.#clock.passes(LOOK_EVERY_MS);
      if (this.#reach() === 'cut') yield* away('The database is out of reach');
    });
  }
}
