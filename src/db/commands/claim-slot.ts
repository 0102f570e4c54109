import { Refused } from '../../domain/errors.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { SlotClaim } from '../../domain/schedule.ts';
import type { Sql } from '../connection/sql.ts';
import { toInstant } from '../values/instants.ts';

/**
 * Makes a job what comes of an instance's share in a slot, in the transaction that accepts it. Whoever comes second
 * waits for the first to commit, and is refused. Raw SQL, as it is part of accepting a command.
 */
export const claimSlot = async (
  sql: Sql,
  instanceId: InstanceId,
  { schedule, slotAt }: SlotClaim,
  jobId: JobId,
  at: number,
): Promise<void> => {
  const claimed = await sql.run(
    `UPDATE schedule_runs SET outcome = 'started', job_id = $4, settled_at = $5
     WHERE schedule = $1 AND slot_at = $2 AND instance_id = $3 AND outcome = 'due'`,
    [schedule, toInstant(slotAt), instanceId, jobId, toInstant(at)],
  );
  if (claimed > 0) return;
  throw new Refused({
    status: 409,
    code: 'slot_taken',
    message: `The slot ${toInstant(slotAt)} of ${schedule} is settled for instance ${instanceId}`,
  });
};
