import { Effect } from 'effect';
import { Fenced } from '../../domain/errors.ts';
import type { RuntimeStore } from '../../runtime/store/runtime-store.ts';
import { attempt } from '../connection/query-failure.ts';
import type { Connection } from '../connection/sql.ts';

interface Counted {
  readonly isOwned: boolean;
  readonly attempts: number | null;
}

/* The fence is read and not held: of two owners in a row the former counts an attempt too many at worst. */
const COUNT = `
  WITH owned AS (
    SELECT 1 FROM partitions WHERE partition = $1 AND epoch = $2
  ), counted AS (
    UPDATE commands SET attempts = greatest(attempts, 1) + 1
    WHERE instance_id = $3 AND seq = $4 AND EXISTS (SELECT 1 FROM owned)
    RETURNING attempts
  )
  SELECT EXISTS (SELECT 1 FROM owned) AS "isOwned", (SELECT attempts FROM counted) AS attempts`;

/**
 * Counts that a command begins again, in a commit of its own and before it is decided, so that one that kills the
 * process counts too. Raw SQL: it is one statement.
 */
export const beginAgain =
  (connection: Connection): RuntimeStore<never>['beginAgain'] =>
  ({ partition, epoch }, { instanceId, seq }) =>
    Effect.gen(function* () {
      const [counted] = yield* attempt(() =>
        connection.single((sql) => sql.rows<Counted>(COUNT, [partition, epoch, instanceId, seq])),
      );
      if (counted?.isOwned !== true) return yield* new Fenced({ partition, epoch });
      if (counted.attempts === null)
        return yield* Effect.die(new Error(`There is no command ${seq} of instance ${instanceId}`));
      return counted.attempts;
    });
