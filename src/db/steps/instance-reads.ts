import type { InstanceId } from '../../domain/ids.ts';
import { SNAPSHOT_UNUSABLE } from '../../domain/instance.ts';
import { ACTIVE_STATUSES } from '../../domain/job.ts';
import type { InstanceRecord } from '../../runtime/store/step-transaction.ts';
import type { StoredInstance, StoredJob } from '../../runtime/store/stored-instance.ts';
import type { StoredSnapshot } from '../../runtime/stored-snapshot.ts';
import type { Sql } from '../connection/sql.ts';

type InstanceRow = Omit<StoredInstance, 'actors' | 'jobs' | 'record'> & InstanceRecord;

interface ActorRow extends StoredSnapshot {
  readonly actorId: string;
}

interface JobRow extends Omit<StoredJob, 'snapshot'> {
  readonly machine: string | null;
  readonly version: number | null;
  readonly value: unknown;
  readonly context: unknown;
}

const jobOf = ({ jobId, config, machine, version, value, context }: JobRow): StoredJob => ({
  jobId,
  config,
  snapshot: machine === null || version === null ? null : { machine, version, value, context },
});

/**
 * Null for an instance that does not exist, or is being removed. Raw SQL: a takeover restores thousands of instances,
 * and each of them waits for this.
 */
export const loadInstance = async (sql: Sql, instanceId: InstanceId): Promise<StoredInstance | null> => {
  const [instance] = await sql.rows<InstanceRow>(
    `SELECT id, name, channel, partition::int AS partition, last_seq::float8 AS "lastSeq",
       state, account, error, wanted, coalesce(
         (SELECT attempts FROM commands WHERE instance_id = omni_instances.id AND seq = last_seq + 1), 0) AS "openAttempts"
     FROM omni_instances WHERE id = $1 AND removing_at IS NULL`,
    [instanceId],
  );
  if (instance === undefined) return null;
  const actors = await sql.rows<ActorRow>(
    'SELECT actor_id AS "actorId", machine, version, value, context FROM actor_snapshots WHERE instance_id = $1',
    [instanceId],
  );
  const jobs = await sql.rows<JobRow>(
    `SELECT id AS "jobId", config, machine, machine_version AS version, machine_value AS value, machine_context AS context
     FROM sync_jobs WHERE instance_id = $1 AND status = ANY($2::text[]) ORDER BY created_at, id`,
    [instanceId, ACTIVE_STATUSES],
  );
  const { state, account, error, wanted, ...about } = instance;
  return {
    ...about,
    record: { state, account, error, wanted },
    actors: new Map(actors.map(({ actorId, ...snapshot }) => [actorId, snapshot])),
    jobs: jobs.map(jobOf),
  };
};

/**
 * Instances whose actors must live: wanted, with an unfinished job, or with open commands; and those that were parked,
 * since what parked them may have been mended.
 */
export const instancesToRestore = async (sql: Sql, partitions: readonly number[]): Promise<readonly InstanceId[]> => {
  const rows = await sql.rows<{ id: InstanceId }>(
    `SELECT id FROM omni_instances
     WHERE partition = ANY($1::smallint[]) AND removing_at IS NULL
       AND (wanted OR next_seq > last_seq + 1 OR error ->> 'code' = $3
         OR EXISTS (SELECT 1 FROM sync_jobs WHERE instance_id = omni_instances.id AND status = ANY($2::text[])))
     ORDER BY created_at, id`,
    [partitions, ACTIVE_STATUSES, SNAPSHOT_UNUSABLE],
  );
  return rows.map(({ id }) => id);
};
