import type { RuntimeStore } from '../../runtime/store/runtime-store.ts';
import type { SyncTransaction } from '../../sync/store.ts';
import { beginAgain } from '../commands/begin-again.ts';
import { openCommands, undeliveredCommands } from '../commands/command-reads.ts';
import { behindFence } from '../connection/behind-fence.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Connection, Sql, StepSql } from '../connection/sql.ts';
import { aliasStore } from '../history/alias-store.ts';
import { catchUpStore } from '../history/catch-up-store.ts';
import { conversationStore } from '../history/conversation-store.ts';
import { messageWrites } from '../history/message-writes.ts';
import { pushWrites } from '../history/push-store.ts';
import { spanStore } from '../history/span-store.ts';
import { waitingChangeStore } from '../history/waiting-change-store.ts';
import { letGoStore } from '../instances/let-go-store.ts';
import { peopleStore } from '../people/people-store.ts';
import { instancesToRestore, loadInstance } from './instance-reads.ts';
import { outboxStore } from './outbox-store.ts';
import { stepTransaction } from './step-transaction.ts';

/** Everything a step may write, on one transaction. */
const syncTransaction = (sql: StepSql): SyncTransaction => ({
  ...stepTransaction(sql),
  ...conversationStore(sql),
  ...spanStore(sql),
  ...messageWrites(sql),
  ...catchUpStore(sql),
  ...peopleStore(sql),
  ...pushWrites(sql),
  ...aliasStore(sql),
  ...waitingChangeStore(sql),
});

/**
 * Without the leases, which have a session of their own. What an instance does waits among all instances
 * (`forInstances`); what the node does for all of them at once goes beside that (`forNode`).
 */
export const runtimeStore = (
  forInstances: Connection,
  forNode: Connection,
): Omit<RuntimeStore<SyncTransaction>, 'leases'> => {
  const read = <A>(connection: Connection, body: (sql: Sql) => Promise<A>) => persevere(() => connection.query(body));

  return {
    step: (fence, body) => behindFence(forInstances, fence, (sql) => body(syncTransaction(sql))),
    beginAgain: beginAgain(forInstances),
    load: (instanceId) => read(forInstances, (sql) => loadInstance(sql, instanceId)),
    openCommands: (instanceId, afterSeq, limit) =>
      read(forInstances, (sql) => openCommands(sql, instanceId, afterSeq, limit)),
    instancesToRestore: (partitions) => read(forNode, (sql) => instancesToRestore(sql, partitions)),
    undelivered: (partitions, before, limit, after) =>
      read(forNode, (sql) => undeliveredCommands(sql, partitions, before, limit, after)),
    outbox: outboxStore(forNode),
    removals: letGoStore(forNode),
  };
};
