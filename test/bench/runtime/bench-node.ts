import { randomUUID } from 'node:crypto';
import { Effect, Exit, Scope } from 'effect';
import type { Channel } from '../../../src/channels/channel.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { silentMetrics } from '../../../src/domain/metrics.ts';
import { inProcessMessaging } from '../../../src/runtime/messaging/messaging.ts';
import { type Node, startNode } from '../../../src/runtime/node/node.ts';
import type { SyncTransaction } from '../../../src/sync/store.ts';
import { syncWork } from '../../../src/sync/sync-work.ts';
import type { BenchStore } from '../store/bench-store.ts';

/** A node as the service starts it, which holds every partition and reports nothing. */
export interface BenchNode {
  readonly node: Node<SyncTransaction>;
  readonly mailbox: ReturnType<typeof inProcessMessaging>['mailbox'];
  readonly close: () => Promise<void>;
}

export const startBenchNode = async ({ db }: BenchStore, channel: Channel): Promise<BenchNode> => {
  const scope = Effect.runSync(Scope.make());
  const messaging = inProcessMessaging();
  const starting = startNode({
    nodeId: randomUUID(),
    isAlone: true,
    restoresAtOnce: 20,
    renewed: () => {},
    store: db.runtime,
    work: syncWork(db.sync, () => null),
    channelOf: () => channel,
    credentials: () => Effect.succeed({ token: 'token' }),
    vault: db.vault,
    limits: () => ({ messages: 600, contacts: 600, unit: 'request', atOnce: null }),
    chance: { random: Math.random, uuid: randomUUID },
    mailbox: messaging.mailbox,
    carrier: messaging.carrier,
    metrics: silentMetrics,
    log: silentLog,
  });
  const node = await Effect.runPromise(Scope.provide(starting, scope));
  return { node, mailbox: messaging.mailbox, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) };
};
