import { Effect, type Scope, Semaphore } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { InstanceProcess } from '../instance/instance-process.ts';
import { KNOWN_MACHINES } from '../machine-versions.ts';
import type { EventCarrier } from '../messaging/event-carrier.ts';
import type { Mailbox } from '../messaging/mailbox.ts';
import type { ProcessSetting } from '../process-setting.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { Mail } from '../work.ts';
import { holdLease, type Lease, PROVEN_ALONE } from './lease.ts';
import { startOutboxPublisher } from './outbox-publisher.ts';
import { OwnedPartitions } from './owned-partitions.ts';
import { startSharing } from './sharing.ts';
import { startSweeper } from './sweeper.ts';

export interface NodeSetting<Tx extends StepTransaction>
  extends Omit<ProcessSetting<Tx>, 'isTrusted' | 'published' | 'restores' | 'suspects'> {
  readonly nodeId: string;
  readonly mailbox: Mailbox;
  readonly carrier: EventCarrier;
  /** What the database's clock showed since `askedAtMs` on the monotonic one, ms: told at each renewal of the lease. */
  readonly renewed: (databaseMs: number, askedAtMs: number) => void;
  /** True when a lock proves that no other process can use this database. */
  readonly isAlone: boolean;
  /** How many instances are brought to life at the same time. */
  readonly restoresAtOnce: number;
}

/** This process, as the owner of partitions and the home of their instances. */
export interface Node<Tx extends StepTransaction> {
  readonly id: string;
  /** Whether a lock proves that no other process can use this database. */
  readonly isAlone: boolean;
  /** Whether this node's lease may be relied on. */
  readonly isTrusted: () => boolean;
  readonly processes: () => readonly InstanceProcess<Tx>[];
  readonly find: (id: InstanceId) => InstanceProcess<Tx> | null;
  readonly ownedPartitions: () => readonly number[];
  readonly tellAll: (mail: (process: InstanceProcess<Tx>) => readonly Mail[]) => void;
  /** Stops an instance after the step it is in; its next command wakes it again. */
  readonly halt: (id: InstanceId) => Effect.Effect<void>;
}

/**
 * Takes partitions and brings their instances to life, until the scope closes: then every instance finishes its
 * step, connections close, and the partitions are given back, so that another node can go on at once.
 */
export const startNode = <Tx extends StepTransaction>(
  setting: NodeSetting<Tx>,
): Effect.Effect<Node<Tx>, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const { store, mailbox, carrier, nodeId, isAlone, restoresAtOnce, metrics, log } = setting;
    const { leases, outbox } = store;
    log.info({ nodeId }, 'This node, by the name under which it holds partitions.');
    let lease: Lease = isAlone ? PROVEN_ALONE : { isTrusted: () => false };
    let published = (): void => {};
    const process = {
      ...setting,
      restores: Semaphore.makeUnsafe(restoresAtOnce),
      suspects: Semaphore.makeUnsafe(1),
      isTrusted: () => lease.isTrusted(),
      published: () => published(),
    };

    // Closed last: what ran under the lease has stopped by then.
    yield* Effect.addFinalizer(() => Effect.ignore(leases.leave(nodeId)));
    const owned = yield* OwnedPartitions.make(process, mailbox);
    const publisher = yield* startOutboxPublisher({ outbox, carrier, partitions: () => owned.numbers, metrics, log });
    published = publisher.wake;
    if (!isAlone) {
      const events = { lost: owned.abandonAll(), renewed: setting.renewed };
      lease = yield* holdLease(leases, nodeId, KNOWN_MACHINES, events, log);
    }
    // Runs when nobody claims any more, while the lease is still renewed and watched, since a last step may take its
    // time, and while the publisher still publishes what the last steps say.
    yield* Effect.addFinalizer(() => Effect.asVoid(owned.putDownAll()));
    if (isAlone) yield* Effect.forkScoped(owned.take(yield* leases.claimAll(nodeId)));
    else yield* startSharing({ leases, nodeId, versions: KNOWN_MACHINES, lease, owned, log });
    yield* startSweeper(store, owned, log);

    return {
      id: nodeId,
      isAlone,
      isTrusted: process.isTrusted,
      processes: () => owned.processes,
      ownedPartitions: () => owned.numbers,
      find: (id) => owned.of(id)?.find(id) ?? null,
      tellAll: (mail) => {
        for (const one of owned.processes) one.tell(mail(one));
      },
      halt: (id) => owned.halt(id),
    };
  });
