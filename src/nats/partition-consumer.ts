import { AckPolicy, type Consumer, type JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { Effect } from 'effect';
import type { Fence } from '../runtime/fence.ts';
import { consumerName, fenceOfConsumer, type Naming } from './naming.ts';
import type { NatsSession } from './nats-link.ts';

/** Letters that are on their way to us at once. */
const AT_ONCE = 500;
/** A letter that was sent to us and not acknowledged by then is sent again. */
const ACK_WAIT_MS = 30_000;
const PULL_EXPIRES_MS = 10_000;
/** Two of these without a sign of life and the consumer is looked for. */
const HEARTBEAT_MS = 2_000;

/** The fences whose consumers are there for a partition. */
const fencesAt = async ({ manager }: NatsSession, naming: Naming, partition: number): Promise<readonly Fence[]> => {
  const fences: Fence[] = [];
  for await (const { name } of manager.consumers.list(naming.mailboxStream)) {
    const fence = fenceOfConsumer(name);
    if (fence?.partition === partition) fences.push(fence);
  }
  return fences;
};

/**
 * The consumer of our epoch, or null when there is one of a higher epoch: then the partition is another's, and what
 * we would create takes letters away from it. Consumers of a work queue may not overlap, so those of lower epochs
 * go first, and what was sent to them and not acknowledged comes to us. Two nodes that do this at once cannot both
 * succeed; whoever fails looks again.
 */
export const takeConsumer = async (session: NatsSession, naming: Naming, fence: Fence): Promise<Consumer | null> => {
  const { manager, stream } = session;
  const present = await fencesAt(session, naming, fence.partition);
  if (present.some(({ epoch }) => epoch > fence.epoch)) return null;
  for (const former of present.filter(({ epoch }) => epoch < fence.epoch)) {
    await manager.consumers.delete(naming.mailboxStream, consumerName(former));
  }
  const info = await manager.consumers.add(naming.mailboxStream, {
    durable_name: consumerName(fence),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    filter_subject: naming.partitionSubjects(fence.partition),
    max_ack_pending: 2 * AT_ONCE,
  });
  return stream.consumers.getConsumerFromInfo(info);
};

/** Hands over what the consumer brings, until it vanishes. It is acknowledged on receipt: recovery reads the table. */
export const consume = (consumer: Consumer, onMessage: (message: JsMsg) => void): Effect.Effect<void, unknown> =>
  Effect.acquireUseRelease(
    Effect.tryPromise(() =>
      consumer.consume({
        max_messages: AT_ONCE,
        expires: PULL_EXPIRES_MS,
        idle_heartbeat: HEARTBEAT_MS,
        abort_on_missing_resource: true,
        callback: (message) => {
          message.ack();
          onMessage(message);
        },
      }),
    ),
    (messages) => Effect.tryPromise(() => messages.closed()),
    (messages) => Effect.promise(async () => void (await messages.close())),
  );
