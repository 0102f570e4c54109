import type { Effect } from 'effect';
import type { KeptPush, VaultFailure } from '../../channels/session-vault.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Fence } from '../../runtime/fence.ts';
import type { SyncTransaction } from '../../sync/store.ts';
import { behindFence } from '../connection/behind-fence.ts';
import type { Connection, StepSql } from '../connection/sql.ts';
import { pushContext } from '../secrets/sealed-tables.ts';
import type { SealingKey } from '../secrets/sealing-key.ts';
import { cleanText } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';

interface PushRow {
  readonly id: number;
  readonly name: string;
  readonly sealed: string;
}

/**
 * The oldest push that waits, its attempt counted first: one that kills the process counts too. What was set aside
 * comes again once a day, after all others.
 */
export const beginPush =
  (connection: Connection, key: SealingKey) =>
  (instanceId: InstanceId, fence: Fence): Effect.Effect<KeptPush | null, VaultFailure> =>
    behindFence(connection, fence, async (sql) => {
      const [row] = await sql.rows<PushRow>(
        `UPDATE pushes SET attempts = attempts + 1
         WHERE id = (
           SELECT id FROM pushes
           WHERE instance_id = $1 AND (set_aside_at IS NULL OR set_aside_at < now() - interval '1 day')
           ORDER BY set_aside_at IS NOT NULL, id LIMIT 1)
         RETURNING id::float8 AS id, name, sealed`,
        [instanceId],
      );
      if (row === undefined) return null;
      return { id: row.id, name: row.name, body: key.open(row.sealed, pushContext(instanceId, row.name)) };
    });

type PushWrites = Pick<SyncTransaction, 'pushesWait' | 'finishPush' | 'failPush' | 'postponePush'>;

/** Attempts of a push after which the others go first. */
const MAX_ATTEMPTS = 5;

export const pushWrites = (sql: StepSql): PushWrites => ({
  pushesWait: async (instanceId) => {
    const [row] = await sql.rows(
      'SELECT 1 FROM pushes WHERE instance_id = $1 AND set_aside_at IS NULL AND failure IS NULL LIMIT 1',
      [instanceId],
    );
    return row !== undefined;
  },

  finishPush: async (id) => sql.send('DELETE FROM pushes WHERE id = $1', [id]),

  failPush: async (id, failure, at) => {
    const [row] = await sql.rows<{ aside: boolean }>(
      `UPDATE pushes SET failure = $2, set_aside_at = CASE WHEN attempts >= $3 THEN $4::timestamptz END WHERE id = $1
       RETURNING set_aside_at IS NOT NULL AS aside`,
      [id, cleanText(failure), MAX_ATTEMPTS, toInstant(at)],
    );
    return row?.aside ?? false;
  },

  postponePush: async (id, failure) =>
    sql.send('UPDATE pushes SET failure = $2, attempts = greatest(0, attempts - 1) WHERE id = $1', [
      id,
      cleanText(failure),
    ]),
});
