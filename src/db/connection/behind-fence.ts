import type { Effect } from 'effect';
import { type Contention, Fenced, type StoreUnavailable } from '../../domain/errors.ts';
import type { Fence } from '../../runtime/fence.ts';
import { mustFind } from './must-touch.ts';
import { attempt } from './query-failure.ts';
import type { Connection, StepSql } from './sql.ts';

const isFenced = (error: unknown): error is Fenced => error instanceof Fenced;

const FENCE = mustFind('SELECT 1 FROM partitions WHERE partition = $1 AND epoch = $2 FOR SHARE');

/** The first statement fails unless the epoch is current. Its row stays locked until the commit. */
const raiseFence = (sql: StepSql, { partition, epoch }: Fence): void =>
  sql.send(FENCE, [partition, epoch], () => new Fenced({ partition, epoch }));

/** One transaction that commits only while the epoch is current. `body` awaits nothing but `sql`. */
export const behindFence = <A>(
  connection: Connection,
  fence: Fence,
  body: (sql: StepSql) => Promise<A>,
): Effect.Effect<A, Fenced | Contention | StoreUnavailable> =>
  attempt(
    () =>
      connection.step(async (sql) => {
        raiseFence(sql, fence);
        return body(sql);
      }),
    isFenced,
  );
