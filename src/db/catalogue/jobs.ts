import { Schema } from 'effect';
import { Refused } from '../../domain/errors.ts';
import { JobId } from '../../domain/ids.ts';
import type { JobView } from '../../domain/job.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import { msOf, toInstant, toIso, toIsoOrNull } from '../instants.ts';
import { keysetCursor, pageOf } from '../keyset-cursor.ts';
import { persevere } from '../query-failure.ts';
import { isRefused } from '../refusals.ts';
import type { Connection } from '../sql.ts';
import { readInstance } from './instances.ts';

interface JobRow extends Omit<JobView, 'createdAt' | 'startedAt' | 'completedAt'> {
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
}

const COLUMNS = `sync_jobs.id AS "jobId", instance_id AS "instanceId", type, status, config, progress,
  waiting_for AS "waitingFor", error_message AS "errorMessage", ${msOf('sync_jobs.created_at')} AS "createdAt",
  ${msOf('started_at')} AS "startedAt", ${msOf('completed_at')} AS "completedAt"`;

const viewOf = (row: JobRow): JobView => ({
  ...row,
  createdAt: toIso(row.createdAt),
  startedAt: toIsoOrNull(row.startedAt),
  completedAt: toIsoOrNull(row.completedAt),
});

const JobKey = keysetCursor(Schema.Struct({ createdAt: Schema.Number, id: JobId }));

const LIST = `
  SELECT ${COLUMNS} FROM sync_jobs JOIN omni_instances ON omni_instances.id = instance_id AND removing_at IS NULL
  WHERE ($1::uuid IS NULL OR instance_id = $1) AND ($2::text IS NULL OR status = $2)
    AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR channel = $4)
    AND ($5::timestamptz IS NULL OR (sync_jobs.created_at, sync_jobs.id) < ($5, $6::uuid))
  ORDER BY sync_jobs.created_at DESC, sync_jobs.id DESC LIMIT $7`;

const ONE = `
  SELECT ${COLUMNS} FROM sync_jobs JOIN omni_instances ON omni_instances.id = instance_id AND removing_at IS NULL
  WHERE sync_jobs.id = $1 AND instance_id = $2`;

/** Newest first. */
export const jobCatalogue = (connection: Connection): Pick<Catalogue, 'jobs' | 'job'> => ({
  job: (instanceId, jobId) =>
    persevere(
      () =>
        connection.query(async (sql) => {
          const [row] = await sql.rows<JobRow>(ONE, [jobId, instanceId]);
          if (row !== undefined) return viewOf(row);
          await readInstance(sql, instanceId);
          throw new Refused({
            status: 404,
            code: 'job_not_found',
            message: `Instance ${instanceId} has no sync ${jobId}; GET /api/v2/instances/${instanceId}/sync lists what it has`,
            details: { field: 'jobId' },
          });
        }),
      isRefused,
    ),

  jobs: (filter, page) =>
    persevere(async () => {
      const after = JobKey.read(page.cursor);
      const rows = await connection.query(async (sql) => {
        if (filter.instanceId !== undefined) await readInstance(sql, filter.instanceId);
        return sql.rows<JobRow>(LIST, [
          filter.instanceId ?? null,
          filter.status ?? null,
          filter.type ?? null,
          filter.channel ?? null,
          after === null ? null : toInstant(after.createdAt),
          after?.id ?? null,
          page.limit + 1,
        ]);
      });
      return pageOf(rows, page.limit, viewOf, ({ createdAt, jobId }) => JobKey.write({ createdAt, id: jobId }));
    }, isRefused),
});
