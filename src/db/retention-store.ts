import { DAY_MS } from '../domain/instant.ts';
import { ACTIVE_STATUSES } from '../domain/job.ts';
import type { Retention } from '../sync/settings/retention.ts';
import type { EntityConnection } from './connection/entity-connection.ts';
import { persevere } from './connection/query-failure.ts';
import type { Connection } from './connection/sql.ts';
import { forgetWaitingChanges } from './history/waiting-change-store.ts';
import { forgetEndedSurveys } from './people/survey-store.ts';
import { toInstant } from './values/instants.ts';

const BATCH = 1_000;
/** How long a change waits for its message: what has not been told by then is told as it is. */
const WAITING_DAYS = 90;

/** Commands that have run, or whose instance is gone. Raw SQL, as what is open is said by another table. */
const FINISHED_COMMANDS = `DELETE FROM commands WHERE (instance_id, seq) IN (
  SELECT instance_id, seq FROM commands LEFT JOIN omni_instances ON omni_instances.id = instance_id
  WHERE accepted_at < $1 AND seq <= coalesce(last_seq, seq) ORDER BY accepted_at LIMIT ${BATCH})`;

/**
 * Jobs that are over, but for those that something kept speaks of: the last sync that an instance began by itself, and
 * what came of a slot. Raw SQL, over tables without relations.
 */
const FINISHED_JOBS = `DELETE FROM sync_jobs WHERE id IN (
  SELECT id FROM sync_jobs AS job
  WHERE completed_at < $1 AND status <> ALL ($2::text[])
    AND NOT EXISTS (SELECT FROM catch_ups WHERE catch_ups.instance_id = job.instance_id AND job_id = job.id)
    AND NOT EXISTS (SELECT FROM schedule_runs WHERE schedule_runs.instance_id = job.instance_id AND job_id = job.id)
  ORDER BY completed_at LIMIT ${BATCH})`;

/** Raw SQL, like the rest of its kind: when they were settled is not kept, and nobody sees them since. */
const SETTLED_DEAD_LETTERS = 'DELETE FROM dead_letters WHERE fate IS NOT NULL AND at < $1';

/** Raw SQL, as leases are judged by the clock of the database. Each start of a process is a node of its own. */
const ENDED_NODES = `DELETE FROM nodes WHERE lease_until < clock_timestamp() - interval '1 day'`;

/**
 * Raw SQL, as it reads, writes and tells where it stopped in one statement. There is no index over what was sent, so
 * the outbox is walked from its oldest end, past what could not be sent, as far as it is old.
 */
const SENT_EVENTS = `
  WITH batch AS (
    SELECT id, at, sent_at FROM outbox WHERE id > $2 ORDER BY id LIMIT ${BATCH}
  ), gone AS (
    DELETE FROM outbox USING batch WHERE outbox.id = batch.id AND batch.sent_at < $1 RETURNING 1
  )
  SELECT max(id)::float8 AS id, bool_and(at < $1) AS "areOld", (SELECT count(*)::float8 FROM gone) AS gone FROM batch`;

interface OutboxPlace {
  readonly id: number | null;
  /** Null: there was nothing more. */
  readonly areOld: boolean | null;
  readonly gone: number;
}

/**
 * Slots of schedules with what came of them. The last of the clock stays, since it says from when on the next is owed.
 * Raw SQL.
 */
const SLOTS = `DELETE FROM schedule_slots AS slot WHERE slot_at < $1
  AND EXISTS (SELECT 1 FROM schedule_slots AS later WHERE later.schedule = slot.schedule AND later.slot_at > slot.slot_at AND NOT later.by_hand)`;

/**
 * Raw SQL, as it reads, writes and tells where it stopped in one statement. Payloads have no index of their own,
 * which every stored message would pay for. Instead the table is walked in the order of its primary key, a batch
 * at a time.
 */
const PAYLOADS = `
  WITH batch AS (
    SELECT conversation_id, external_id, stored_at < $1 AND payload IS NOT NULL AS due FROM omni_events
    WHERE $2::uuid IS NULL OR (conversation_id, external_id) > ($2::uuid, $3::varchar COLLATE "C")
    ORDER BY conversation_id, external_id LIMIT ${BATCH}
  ), cleared AS (
    UPDATE omni_events AS held SET payload = NULL FROM batch
    WHERE due AND held.conversation_id = batch.conversation_id AND held.external_id = batch.external_id
    RETURNING 1
  )
  SELECT conversation_id AS "conversationId", external_id AS "externalId",
    (SELECT count(*)::float8 FROM cleared) AS cleared
  FROM batch ORDER BY conversation_id DESC, external_id DESC LIMIT 1`;

interface StretchEnd {
  readonly conversationId: string;
  readonly externalId: string;
  readonly cleared: number;
}

/**
 * Repeats a deletion until it finds nothing more; each time is a transaction of its own. Returns how many rows went.
 */
const exhaust = async (deleteBatch: () => Promise<number>): Promise<number> => {
  let total = 0;
  for (;;) {
    const deleted = await deleteBatch();
    total += deleted;
    if (deleted === 0) return total;
  }
};

const clearPayloads = async (connection: Connection, before: number): Promise<number> => {
  let total = 0;
  let place: StretchEnd | undefined;
  do {
    const from: readonly (string | null)[] = [place?.conversationId ?? null, place?.externalId ?? null];
    [place] = await connection.query((sql) => sql.rows<StretchEnd>(PAYLOADS, [toInstant(before), ...from]));
    total += place?.cleared ?? 0;
  } while (place !== undefined);
  return total;
};

const deleteSentEvents = async (connection: Connection, before: number): Promise<number> => {
  let total = 0;
  let place: OutboxPlace | undefined;
  do {
    const parameters: readonly unknown[] = [toInstant(before), place?.id ?? 0];
    [place] = await connection.query((sql) => sql.rows<OutboxPlace>(SENT_EVENTS, parameters));
    total += place?.gone ?? 0;
  } while (place?.areOld === true);
  return total;
};

const deleteJobs = (connection: Connection, before: number): Promise<number> => {
  const parameters = [toInstant(before), ACTIVE_STATUSES];
  return exhaust(() => connection.query((sql) => sql.run(FINISHED_JOBS, parameters)));
};

export const retentionStore = (connection: EntityConnection): Retention => ({
  sweep: (settings, now) =>
    persevere(async () => {
      const before = (days: number) => now - days * DAY_MS;
      const payloadDays = settings['retention.rawPayloadDays'];
      const finished = toInstant(before(settings['retention.finishedCommandsDays']));
      const commands = await exhaust(() => connection.query((sql) => sql.run(FINISHED_COMMANDS, [finished])));
      const events = await deleteSentEvents(connection, before(settings['retention.sentEventsDays']));
      const slots = await connection.query((sql) => sql.run(SLOTS, [finished]));
      const dead = await connection.query((sql) => sql.run(SETTLED_DEAD_LETTERS, [finished]));
      const nodes = await connection.query((sql) => sql.run(ENDED_NODES));
      const surveys = await connection.query(forgetEndedSurveys);
      const changes = await connection.query((sql) => forgetWaitingChanges(sql, before(WAITING_DAYS)));
      const payloads = payloadDays === null ? 0 : await clearPayloads(connection, before(payloadDays));
      const jobDays = settings['retention.finishedJobsDays'];
      const jobs = jobDays === null ? 0 : await deleteJobs(connection, before(jobDays));
      return commands + events + slots + dead + nodes + surveys + changes + payloads + jobs;
    }),
});
