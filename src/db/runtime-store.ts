import { Fenced } from '../domain/errors.ts';
import type { Fence } from '../runtime/fence.ts';
import type { RuntimeStore } from '../runtime/store.ts';
import type { SyncTransaction } from '../sync/store.ts';
import { openCommands, undeliveredCommands } from './command-reads.ts';
import { conversationStore } from './conversation-store.ts';
import { instancesToRestore, loadInstance } from './instance-reads.ts';
import { messageWrites } from './message-writes.ts';
import { mustFind } from './must-touch.ts';
import { outboxStore } from './outbox-store.ts';
import { attempt, persevere } from './query-failure.ts';
import { spanStore } from './span-store.ts';
import type { Connection, Sql, StepSql } from './sql.ts';
import { stepTransaction } from './step-transaction.ts';

const isFenced = (error: unknown): error is Fenced => error instanceof Fenced;

/** Everything a step may write, on one transaction. */
const syncTransaction = (sql: StepSql): SyncTransaction => ({
  ...stepTransaction(sql),
  ...conversationStore(sql),
  ...spanStore(sql),
  ...messageWrites(sql),
});

const FENCE = mustFind('SELECT 1 FROM partitions WHERE partition = $1 AND epoch = $2 FOR SHARE');

/** The first statement of a step fails unless the epoch is current. Its row stays locked until the commit. */
const raiseFence = (sql: StepSql, { partition, epoch }: Fence): void =>
  sql.send(FENCE, [partition, epoch], () => new Fenced({ partition, epoch }));

/** Without the leases, which have a session of their own. */
export const runtimeStore = (connection: Connection): Omit<RuntimeStore<SyncTransaction>, 'leases'> => {
  const behindFence = <A>(fence: Fence, body: (sql: StepSql) => Promise<A>) =>
    attempt(
      () =>
        connection.step(async (sql) => {
          raiseFence(sql, fence);
          return body(sql);
        }),
      isFenced,
    );
  const read = <A>(body: (sql: Sql) => Promise<A>) => persevere(() => connection.query(body));

  return {
    step: (fence, body) => behindFence(fence, (sql) => body(syncTransaction(sql))),
    beginAttempt: (fence, commandId) =>
      behindFence(fence, async (sql) => {
        const [command] = await sql.rows<{ attempts: number }>(
          'UPDATE commands SET attempts = attempts + 1 WHERE id = $1 RETURNING attempts',
          [commandId],
        );
        if (command === undefined) throw new Error(`There is no command ${commandId}`);
        return command.attempts;
      }),
    load: (instanceId) => read((sql) => loadInstance(sql, instanceId)),
    instancesToRestore: (partitions) => read((sql) => instancesToRestore(sql, partitions)),
    openCommands: (instanceId, afterSeq, limit) => read((sql) => openCommands(sql, instanceId, afterSeq, limit)),
    undelivered: (partitions, before, limit) => read((sql) => undeliveredCommands(sql, partitions, before, limit)),
    outbox: outboxStore(connection),
  };
};
