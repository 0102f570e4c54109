import type { RuntimeStore } from '../runtime/store.ts';
import type { SyncTransaction } from '../sync/store.ts';
import { aliasStore } from './alias-store.ts';
import { attemptCounter } from './attempt-counter.ts';
import { behindFence } from './behind-fence.ts';
import { catchUpStore } from './catch-up-store.ts';
import { openCommands, undeliveredCommands } from './command-reads.ts';
import { conversationStore } from './conversation-store.ts';
import { instancesToRestore, loadInstance } from './instance-reads.ts';
import { messageWrites } from './message-writes.ts';
import { outboxStore } from './outbox-store.ts';
import { peopleStore } from './people/people-store.ts';
import { pushWrites } from './push-store.ts';
import { persevere } from './query-failure.ts';
import { spanStore } from './span-store.ts';
import type { Connection, Sql, StepSql } from './sql.ts';
import { stepTransaction } from './step-transaction.ts';
import { waitingChangeStore } from './waiting-change-store.ts';

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

/** Without the leases, which have a session of their own. */
export const runtimeStore = (connection: Connection): Omit<RuntimeStore<SyncTransaction>, 'leases'> => {
  const read = <A>(body: (sql: Sql) => Promise<A>) => persevere(() => connection.query(body));

  return {
    step: (fence, body) => behindFence(connection, fence, (sql) => body(syncTransaction(sql))),
    beginAttempt: attemptCounter(connection),
    load: (instanceId) => read((sql) => loadInstance(sql, instanceId)),
    instancesToRestore: (partitions) => read((sql) => instancesToRestore(sql, partitions)),
    openCommands: (instanceId, afterSeq, limit) => read((sql) => openCommands(sql, instanceId, afterSeq, limit)),
    undelivered: (partitions, before, limit) => read((sql) => undeliveredCommands(sql, partitions, before, limit)),
    outbox: outboxStore(connection),
  };
};
