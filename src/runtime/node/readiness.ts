import { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import { PARTITIONS } from '../fence.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { Node } from './node.ts';

/**
 * Whether this node can do its work: the database answers, and its lease may be relied on. What carries commands may be
 * away: that costs delay.
 */
export const readinessOf = <Tx extends StepTransaction>(
  { isTrusted, ownedPartitions }: Pick<Node<Tx>, 'isTrusted' | 'ownedPartitions'>,
  ping: Effect.Effect<void, StoreUnavailable>,
  mailbox: () => string,
) =>
  Effect.map(Effect.exit(ping), ({ _tag }) => ({
    ready: _tag === 'Success' && isTrusted(),
    checks: {
      database: _tag === 'Success' ? 'ok' : 'away',
      lease: isTrusted() ? 'ok' : 'lost',
      mailbox: mailbox(),
      partitions: `${ownedPartitions().length} of ${PARTITIONS}`,
    },
  }));
