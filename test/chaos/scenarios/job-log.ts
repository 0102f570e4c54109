import type { Cluster } from '../../harness/cluster.ts';

/** Notes what every commit says of a job's status, and of what it waits for. */
const INSTALL = `
  CREATE TABLE audit_jobs (
    id bigserial PRIMARY KEY, job_id uuid, status text, waiting_for jsonb, at timestamptz DEFAULT clock_timestamp());
  CREATE FUNCTION audit_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit_jobs (job_id, status, waiting_for) VALUES (NEW.id, NEW.status, NEW.waiting_for);
    RETURN NULL;
  END $$;
  CREATE TRIGGER audit_job AFTER UPDATE ON sync_jobs FOR EACH ROW EXECUTE FUNCTION audit_job()`;

export const installJobLog = (cluster: Cluster): Promise<unknown> => cluster.sql(INSTALL);

/** What each of these jobs first said of itself after an instant (ms). */
export const firstWords = async (
  cluster: Cluster,
  jobs: readonly string[],
  afterMs: number,
): Promise<readonly { readonly job: string; readonly status: string; readonly waitsFor: string | null }[]> =>
  cluster.sql(`
    SELECT DISTINCT ON (job_id) job_id AS job, status, waiting_for ->> 'what' AS "waitsFor"
    FROM audit_jobs WHERE at > to_timestamp(${afterMs / 1000}) AND job_id IN (${jobs.map((id) => `'${id}'`).join(',')})
    ORDER BY job_id, id`);

/** Jobs that are not over. */
export const activeJobs = async (cluster: Cluster): Promise<readonly string[]> => {
  const rows = await cluster.sql<{ readonly id: string }>(
    "SELECT id FROM sync_jobs WHERE status IN ('pending', 'waiting', 'running', 'paused')",
  );
  return rows.map(({ id }) => id);
};
