import type { CatchUp } from '../../domain/catch-up.ts';
import type { InstanceId } from '../../domain/ids.ts';
import { ACTIVE_STATUSES } from '../../domain/job.ts';
import type { SyncTransaction } from '../../sync/store.ts';
import type { StepSql } from '../connection/sql.ts';
import { msOf, toInstant } from '../values/instants.ts';

type LastCatchUp = CatchUp & { readonly hasReadMessages: boolean };

/** A job of several parts completes though one of them has failed. */
const MESSAGES_FAILED = JSON.stringify({ parts: [{ part: 'messages', status: 'failed' }] });

/** The lock under which commands are numbered: no other one comes between the look and the command that follows. */
const lockInstance = async (sql: StepSql, instanceId: InstanceId): Promise<boolean> => {
  const found = await sql.rows('SELECT 1 FROM omni_instances WHERE id = $1 AND removing_at IS NULL FOR NO KEY UPDATE', [
    instanceId,
  ]);
  return found.length > 0;
};

/** What an instance remembers of its catch-ups. Raw SQL, as it is part of a step. */
export const catchUpStore = (sql: StepSql): Pick<SyncTransaction, 'lockCatchUp' | 'saveCatchUp'> => ({
  lockCatchUp: async (instanceId) => {
    if (!(await lockInstance(sql, instanceId))) return null;
    const [last] = await sql.rows<LastCatchUp>(
      `SELECT continuity, ${msOf('begun_at')} AS "begunAt", ${msOf('since')} AS since, job_id AS "jobId",
         coalesce(status = 'completed' AND NOT progress @> $2::jsonb, false) AS "hasReadMessages"
       FROM catch_ups LEFT JOIN sync_jobs ON sync_jobs.id = job_id WHERE catch_ups.instance_id = $1`,
      [instanceId, MESSAGES_FAILED],
    );
    const busy = await sql.rows(
      `SELECT 1 FROM sync_jobs
       WHERE instance_id = $1 AND type IN ('messages', 'all') AND scope = 'all' AND status = ANY($2::text[]) LIMIT 1`,
      [instanceId, ACTIVE_STATUSES],
    );
    return { isBusy: busy.length > 0, last: last ?? null };
  },

  saveCatchUp: async (instanceId, { continuity, begunAt, since, jobId }) => {
    sql.send(
      `INSERT INTO catch_ups (instance_id, continuity, begun_at, since, job_id) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (instance_id) DO UPDATE
       SET continuity = excluded.continuity, begun_at = excluded.begun_at, since = excluded.since, job_id = excluded.job_id`,
      [instanceId, continuity, toInstant(begunAt), toInstant(since), jobId],
    );
  },
});
