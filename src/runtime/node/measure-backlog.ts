import { Effect, Exit, type Scope } from 'effect';
import type { Log } from '../../domain/log.ts';
import type { Metrics } from '../../domain/metrics.ts';
import { PARTITIONS } from '../fence.ts';
import { startPerpetual } from '../perpetual.ts';
import type { Backlog, BacklogStore } from '../store/backlog-store.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { Node } from './node.ts';

const LOOK_EVERY_MS = 5_000;

const reading = (value: number | undefined) => (value === undefined ? [] : [{ labels: {}, value }]);

/**
 * Gauges of what waits in the tables, read every few seconds until the scope closes. Those that cannot be read are left
 * out: an old figure would say that all is well.
 */
export const measureBacklog = <Tx extends StepTransaction>(
  metrics: Metrics,
  node: Pick<Node<Tx>, 'isAlone' | 'isTrusted' | 'ownedPartitions'>,
  backlogOf: BacklogStore,
  log: Log,
): Effect.Effect<void, never, Scope.Scope> => {
  let last: Backlog | null = null;
  metrics.gauge('omni_mailbox_depth', () => reading(last?.openCommands));
  metrics.gauge('omni_outbox_unsent', () => reading(last?.unsentEvents));
  // A process that is alone holds no lease: nobody else can own what it does not.
  metrics.gauge('omni_partitions_unowned', () =>
    reading(node.isAlone ? PARTITIONS - node.ownedPartitions().length : last?.unowned),
  );
  metrics.gauge('omni_lease_trusted', () => reading(node.isTrusted() ? 1 : 0));
  const look = Effect.gen(function* () {
    const read = yield* Effect.exit(backlogOf(node.ownedPartitions()));
    last = Exit.isSuccess(read) ? read.value : null;
    yield* read;
  });
  return startPerpetual('measuring the backlog', LOOK_EVERY_MS, look, log);
};
