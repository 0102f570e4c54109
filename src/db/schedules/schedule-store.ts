import type { InstanceId } from '../../domain/ids.ts';
import type { InstanceState } from '../../domain/instance.ts';
import type { ScheduleName } from '../../domain/schedule.ts';
import type { Candidate, DueRun, OpenedSlot, ScheduleStore } from '../../sync/schedules/schedules.ts';
import { slotDue } from '../../sync/schedules/slot-due.ts';
import { spreadFrom, spreadOf } from '../../sync/schedules/slot-spread.ts';
import { lockUntilCommit } from '../connection/advisory-lock.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Sql } from '../connection/sql.ts';
import { InstanceEntity } from '../entities/instance-entity.ts';
import { ScheduleRunEntity } from '../entities/schedule-run-entity.ts';
import { ScheduleSlotEntity } from '../entities/schedule-slot-entity.ts';
import { msOf, toInstant } from '../values/instants.ts';
import { isRefused, noInstance } from '../values/refusals.ts';
import { readSchedule, type StoredSchedule, scheduleViews } from './schedule-reads.ts';

/** In which a wanted account works, or comes back by itself: in every other, first a person has to act. */
const AT_WORK: readonly InstanceState[] = ['online', 'connecting', 'backingOff'];
const IS_CONNECTED = `wanted AND state IN (${AT_WORK.map((state) => `'${state}'`).join(', ')})`;

/**
 * For so long the shares of a run by hand are left to who was asked for it; what it did not begin, the next look does.
 */
const BY_HAND_MS = 5 * 60_000;

/**
 * Instances that have a share in a slot: those that were there and are connected, if the schedule was enabled for them
 * when it came, by a setting of their own or else for all. Where it was disabled since, the share is skipped and says
 * so. Raw SQL: the tables have no relation.
 */
const SHARERS = `
  SELECT omni_instances.id FROM omni_instances
  LEFT JOIN instance_settings AS own ON own.instance_id = omni_instances.id AND own.key = $2
  LEFT JOIN LATERAL (
    SELECT id, old_value FROM settings_history
    WHERE instance_id = omni_instances.id AND key = $2 AND changed_at >= $1 ORDER BY id LIMIT 1) AS since ON true
  WHERE removing_at IS NULL AND created_at <= $1 AND ${IS_CONNECTED}
    AND coalesce(CASE WHEN since.id IS NULL THEN own.value ELSE since.old_value END = 'true', $3::boolean)`;

/** Raw SQL, as all shares are written at once. */
const ADD_RUNS = `
  INSERT INTO schedule_runs (schedule, slot_at, instance_id, due_at)
  SELECT $1, $2, instance_id, due_at FROM unnest($3::uuid[], $4::timestamptz[]) AS shares (instance_id, due_at)`;

/** Raw SQL: joins what has no relation. */
const DUE = `
  SELECT schedule, ${msOf('slot_at')} AS "slotAt", instance_id AS "instanceId",
    coalesce(${IS_CONNECTED}, false) AS "isConnected"
  FROM schedule_runs LEFT JOIN omni_instances ON omni_instances.id = instance_id AND removing_at IS NULL
  WHERE outcome = 'due' AND due_at <= $1 ORDER BY due_at, instance_id LIMIT $2`;

const addRuns = async (
  sql: Sql,
  name: ScheduleName,
  { settings, wasForAll }: StoredSchedule,
  slotAt: number,
  now: number,
): Promise<number> => {
  const slot = toInstant(slotAt);
  const key = `sync.${name}.scheduleEnabled`;
  const sharers = await sql.rows<{ id: InstanceId }>(SHARERS, [slot, key, wasForAll(slotAt)]);
  const windowMs = settings['sync.scheduleSpreadMinutes'] * 60_000;
  const from = spreadFrom(slotAt, now);
  const ids = sharers.map(({ id }) => id);
  await sql.run(ADD_RUNS, [name, slot, ids, ids.map((id) => toInstant(from + spreadOf(id, windowMs)))]);
  return ids.length;
};

export const scheduleStore = (connection: EntityConnection): ScheduleStore => {
  const openSlot = (name: ScheduleName, now: number): Promise<OpenedSlot | null> =>
    connection.changes(async (em, sql) => {
      // Of two nodes that see a slot owed, the second must see what the first has opened; and settings stand still.
      await lockUntilCommit(em, `schedule:${name}`);
      await lockUntilCommit(em, 'settings');
      const schedule = await readSchedule(em, name);
      const slotAt = slotDue(schedule.state, now);
      if (slotAt === null) return null;
      await em.insert(ScheduleSlotEntity, { schedule: name, slotAt: new Date(slotAt), openedAt: new Date(now) });
      return { slotAt, instances: await addRuns(sql, name, schedule, slotAt, now) };
    });

  const update = ({ schedule, slotAt, instanceId }: DueRun, change: object) =>
    persevere(async () => {
      const share = { schedule, slotAt: new Date(slotAt), instanceId, outcome: 'due' as const };
      await connection.entities((em) => em.nativeUpdate(ScheduleRunEntity, share, change));
    });

  const openByHand = (name: ScheduleName, ids: readonly InstanceId[], now: number): Promise<number> =>
    connection.changes(async (em, sql) => {
      await lockUntilCommit(em, `schedule:${name}`);
      let slotAt = now;
      // Two runs of one millisecond are two; and slots lie on whole minutes, where none of these may be in their way.
      while (
        slotAt % 60_000 === 0 ||
        (await em.count(ScheduleSlotEntity, { schedule: name, slotAt: new Date(slotAt) })) > 0
      ) {
        slotAt++;
      }
      await em.insert(ScheduleSlotEntity, {
        schedule: name,
        slotAt: new Date(slotAt),
        openedAt: new Date(now),
        byHand: true,
      });
      const slot = toInstant(slotAt);
      await sql.run(ADD_RUNS, [name, slot, ids, ids.map(() => toInstant(now + BY_HAND_MS))]);
      return slotAt;
    });

  return {
    openByHand: (name, ids, now) => persevere(() => openByHand(name, ids, now)),

    open: (name, now) =>
      persevere(async () => {
        // Looked at without a lock first: nearly always nothing is owed.
        const { state } = await connection.entities((em) => readSchedule(em, name));
        return slotDue(state, now) === null ? null : openSlot(name, now);
      }),

    due: (now, limit) => persevere(() => connection.query((sql) => sql.rows<DueRun>(DUE, [toInstant(now), limit]))),

    skip: (run, reason, jobId, at) => update(run, { outcome: 'skipped', reason, jobId, settledAt: new Date(at) }),

    putOff: (run, until) => update(run, { dueAt: new Date(until) }),

    views: (now) => persevere(() => scheduleViews(connection, now)),

    candidates: (ids) =>
      persevere(async () => {
        const rows = await connection.entities((em) =>
          em.find(
            InstanceEntity,
            { removingAt: null, ...(ids === null ? {} : { id: { $in: [...ids] } }) },
            { fields: ['id', 'wanted', 'state'], orderBy: { createdAt: 'asc', id: 'asc' }, disableIdentityMap: true },
          ),
        );
        const missing = ids?.find((id) => !rows.some((row) => row.id === id));
        if (missing !== undefined) throw noInstance(missing);
        return rows.map(
          ({ id, wanted, state }): Candidate => ({
            instanceId: id,
            isConnected: wanted && AT_WORK.includes(state),
          }),
        );
      }, isRefused),
  };
};
