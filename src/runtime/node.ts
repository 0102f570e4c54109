import { Clock, Effect, Schedule, type Scope } from 'effect';
import type { StoreUnavailable } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import { type Fence, PARTITIONS } from './fence.ts';
import type { InstanceProcess, ProcessSetting } from './instance-process.ts';
import { holdLease, type Lease } from './lease.ts';
import type { Mailbox } from './mailbox.ts';
import { partitionOf } from './partition.ts';
import { PartitionRun } from './partition-run.ts';
import type { StepTransaction } from './store.ts';
import type { Mail } from './work.ts';

export interface NodeSetting<Tx extends StepTransaction> extends Omit<ProcessSetting<Tx>, 'isTrusted'> {
  readonly nodeId: string;
  readonly mailbox: Mailbox;
  /** True when a lock proves that no other process can use this database. */
  readonly isAlone: boolean;
}

/** This process, as the owner of partitions and the home of their instances. */
export interface Node<Tx extends StepTransaction> {
  readonly id: string;
  readonly processes: () => readonly InstanceProcess<Tx>[];
  readonly find: (id: InstanceId) => InstanceProcess<Tx> | null;
  readonly ownedPartitions: () => number;
  readonly tellAll: (mail: (process: InstanceProcess<Tx>) => readonly Mail[]) => void;
  /** Stops an instance after the step it is in; its next command wakes it again. */
  readonly halt: (id: InstanceId) => Effect.Effect<void>;
}

/** Commands that nobody has delivered are looked for this often, and taken once they are this old. */
const SWEEP_MS = 15_000;
const SWEEP_AT_ONCE = 500;

/**
 * Takes partitions and brings their instances to life, until the scope closes: then every instance finishes its
 * step, connections close, and the partitions are given back, so that another node can go on at once.
 */
export const startNode = <Tx extends StepTransaction>(
  setting: NodeSetting<Tx>,
): Effect.Effect<Node<Tx>, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const { store, mailbox, nodeId, log } = setting;
    const owned = new Map<number, PartitionRun<Tx>>();
    const scope = yield* Effect.scope;
    const context = yield* Effect.context<never>();
    let lease: Lease = { isTrusted: () => setting.isAlone };

    const giveUp = (partition: PartitionRun<Tx>): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (owned.get(partition.fence.partition) === partition) owned.delete(partition.fence.partition);
        return partition.stop();
      });
    const giveUpAll = Effect.suspend(() =>
      Effect.forEach([...owned.values()], giveUp, { concurrency: 'unbounded', discard: true }),
    );
    const fenced = (partition: PartitionRun<Tx>): void => void Effect.runForkWith(context)(giveUp(partition));

    const own = (fences: readonly Fence[]) =>
      Effect.gen(function* () {
        if (fences.length === 0) return;
        const process = { ...setting, isTrusted: () => lease.isTrusted() };
        for (const fence of fences) {
          owned.set(fence.partition, yield* PartitionRun.start(fence, mailbox, process, scope, fenced));
        }
        const partitions = fences.map(({ partition }) => partition);
        const ids = yield* store.instancesToRestore(partitions).pipe(Effect.retry(Schedule.spaced('1 second')));
        log.info(
          { nodeId, partitions: fences.length, instances: ids.length },
          'Partitions taken; bringing their instances to life.',
        );
        for (const id of ids) owned.get(partitionOf(id))?.wake(id);
      });

    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        const fences = [...owned.values()].map(({ fence }) => fence);
        yield* giveUpAll;
        yield* Effect.ignore(store.leases.release(nodeId, fences));
      }),
    );
    if (setting.isAlone) {
      yield* Effect.forkIn(own(yield* store.leases.claimAll(nodeId)), scope);
    } else {
      const claimFree = Effect.suspend(() => store.leases.claim(nodeId, PARTITIONS - owned.size)).pipe(
        // In a fiber of its own: bringing instances to life must not hold up the next renewal.
        Effect.flatMap((fences) => Effect.forkIn(own(fences), scope)),
        Effect.ignore,
      );
      lease = yield* holdLease(store.leases, nodeId, { renewed: claimFree, lost: giveUpAll }, log);
    }

    const sweep = Effect.gen(function* () {
      const before = (yield* Clock.currentTimeMillis) - SWEEP_MS;
      const letters = yield* store.undelivered([...owned.keys()], before, SWEEP_AT_ONCE);
      for (const letter of letters) yield* mailbox.publish(letter, partitionOf(letter.instanceId));
    });
    yield* Effect.forkScoped(Effect.repeat(Effect.ignore(sweep), Schedule.spaced(SWEEP_MS)));

    const processes = () => [...owned.values()].flatMap((partition) => partition.processes);
    const partitionOfInstance = (id: InstanceId) => owned.get(partitionOf(id));
    return {
      id: nodeId,
      processes,
      ownedPartitions: () => owned.size,
      find: (id) => partitionOfInstance(id)?.find(id) ?? null,
      tellAll: (mail) => {
        for (const process of processes()) process.tell(mail(process));
      },
      halt: (id) => partitionOfInstance(id)?.halt(id) ?? Effect.void,
    };
  });
