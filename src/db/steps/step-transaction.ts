import { randomUUID } from 'node:crypto';
import { isActive } from '../../domain/job.ts';
import type { StepTransaction } from '../../runtime/store/step-transaction.ts';
import { acceptCommand } from '../commands/accept-command.ts';
import { mustWrite } from '../connection/must-touch.ts';
import type { StepSql } from '../connection/sql.ts';
import { cleanJson, cleanJsonOrNull, cleanText, cleanTextOrNull } from '../values/clean-text.ts';
import { toInstant, toInstantOrNull } from '../values/instants.ts';

// The instance has run the command before it, and this one was accepted.
const FINISH = mustWrite(
  'UPDATE omni_instances SET last_seq = $2 WHERE id = $1 AND last_seq = $2::bigint - 1 AND next_seq > $2',
);
const SAVE_INSTANCE = mustWrite(
  'UPDATE omni_instances SET state = $2, account = $3::jsonb, error = $4::jsonb, wanted = $5 WHERE id = $1',
);
// No foreign key sees to it: a step may come late, when its instance is being removed.
const SAVE_ACTOR = mustWrite(`
  INSERT INTO actor_snapshots (instance_id, actor_id, machine, version, value, context)
  SELECT id, $2, $3, $4, $5::jsonb, $6::jsonb FROM omni_instances WHERE id = $1 AND removing_at IS NULL
  ON CONFLICT (instance_id, actor_id) DO UPDATE
  SET machine = excluded.machine, version = excluded.version, value = excluded.value, context = excluded.context`);
const PARK_INSTANCE = mustWrite("UPDATE omni_instances SET state = 'error', error = $2::jsonb WHERE id = $1");
// The context of a job that is over is long, and nobody restores it.
const SAVE_JOB = mustWrite(`
  UPDATE sync_jobs
  SET status = $2, progress = $3::jsonb, waiting_for = $4::jsonb, error_message = $5, started_at = $6,
      completed_at = $7, machine = $8, machine_version = $9, machine_value = $10::jsonb, machine_context = $11::jsonb
  WHERE id = $1`);

const missing = (what: string) => (): Error => new Error(`There is no ${what}`);

/** The runtime's own writes of a step. One that misses its row keeps the step from committing. */
export const stepTransaction = (sql: StepSql): StepTransaction => ({
  finishCommand: async (instanceId, { seq }) => {
    const outOfTurn = () =>
      new Error(`It is not the turn of command ${seq} of instance ${instanceId}, or it is not there`);
    sql.send(FINISH, [instanceId, seq], outOfTurn);
  },

  acceptOwn: (instanceId, command, at) => acceptCommand(sql, instanceId, command, at, { isOwn: true }),

  addDeadLetter: async ({ letter, reason, attempts, at }) => {
    sql.send(
      `INSERT INTO dead_letters (id, instance_id, command_id, command, reason, attempts, at)
       VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7)`,
      [
        randomUUID(),
        letter.instanceId,
        letter.commandId,
        cleanJson(letter.command),
        cleanText(reason),
        attempts,
        toInstant(at),
      ],
    );
  },

  saveInstance: async (instanceId, record) => {
    const { state, account, error, wanted } = record;
    sql.send(
      SAVE_INSTANCE,
      [instanceId, state, cleanJsonOrNull(account), cleanJsonOrNull(error), wanted],
      missing(`instance ${instanceId}`),
    );
  },

  parkInstance: async (instanceId, error) => {
    sql.send(PARK_INSTANCE, [instanceId, cleanJson(error)], missing(`instance ${instanceId}`));
  },

  accountHolder: async (channel, accountExternalId, exceptId) => {
    // Two instances may meet the same account at the same time: the second waits for the first to commit.
    await sql.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `account:${channel}:${accountExternalId}`,
    ]);
    const [holder] = await sql.rows<{ id: typeof exceptId }>(
      `SELECT id FROM omni_instances
       WHERE channel = $1 AND account ->> 'externalId' = $2 AND id <> $3 AND removing_at IS NULL
       ORDER BY created_at LIMIT 1`,
      [channel, accountExternalId, exceptId],
    );
    return holder?.id ?? null;
  },

  endSession: async (instanceId) => sql.send('DELETE FROM session_secrets WHERE instance_id = $1', [instanceId]),

  saveActor: async (instanceId, actorId, snapshot) => {
    sql.send(
      SAVE_ACTOR,
      [instanceId, actorId, snapshot.machine, snapshot.version, cleanJson(snapshot.value), cleanJson(snapshot.context)],
      missing(`instance ${instanceId}`),
    );
  },

  saveJob: async ({ snapshot, ...job }) => {
    sql.send(
      SAVE_JOB,
      [
        job.jobId,
        job.status,
        cleanJson(job.progress),
        cleanJsonOrNull(job.waitingFor),
        cleanTextOrNull(job.errorMessage),
        toInstantOrNull(job.startedAt),
        toInstantOrNull(job.completedAt),
        snapshot.machine,
        snapshot.version,
        cleanJson(snapshot.value),
        isActive(job.status) ? cleanJson(snapshot.context) : null,
      ],
      missing(`job ${job.jobId}`),
    );
  },

  failJob: async (jobId, message, at) => {
    sql.send(
      `UPDATE sync_jobs SET status = 'failed', error_message = $2, waiting_for = NULL, completed_at = $3, machine_context = NULL
       WHERE id = $1 AND status IN ('pending', 'waiting', 'running', 'paused')`,
      [jobId, cleanText(message), toInstant(at)],
    );
  },

  publish: async (instanceId, channel, events, at) => {
    if (events.length === 0) return;
    sql.send(
      `INSERT INTO outbox (instance_id, channel, job_id, event, at)
       SELECT id, $2, job_id, event::jsonb, $3
       FROM omni_instances, unnest($4::uuid[], $5::text[]) WITH ORDINALITY AS published (job_id, event, position)
       WHERE id = $1 AND removing_at IS NULL
       ORDER BY position`,
      [instanceId, channel, toInstant(at), events.map((event) => event.jobId), events.map(cleanJson)],
    );
  },
});
