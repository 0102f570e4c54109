import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { InstanceId } from '../../domain/ids.ts';
import type { JobStatus } from '../../domain/job.ts';
import { silentLog } from '../../domain/log.ts';
import { outcomeOf, ruleOf, ScheduleName, type ScheduleView } from '../../domain/schedule.ts';
import type { Settings } from '../../domain/settings.ts';
import {
  formerRules,
  type PastRule,
  ruleKeysOf,
  type ScheduleState,
  slotAfter,
} from '../../sync/schedules/slot-due.ts';
import { inForce } from '../../sync/settings/settings.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { InstanceEntity } from '../entities/instance-entity.ts';
import { InstanceSettingEntity } from '../entities/instance-setting-entity.ts';
import { ScheduleSlotEntity } from '../entities/schedule-slot-entity.ts';
import { SettingChangeEntity } from '../entities/setting-change-entity.ts';
import { AS_ROWS, isKey, serviceRows, settingReader } from '../settings/stored-settings.ts';
import { toInstant, toIsoOrNull } from '../values/instants.ts';

/** What a schedule goes by, and what of it has been. */
export interface StoredSchedule {
  readonly state: ScheduleState;
  readonly settings: Settings;
  /** Whether it was enabled at an instant since the last slot (ms), for instances without a setting of their own. */
  readonly wasForAll: (at: number) => boolean;
}

const lastSlotOf = async (em: SqlEntityManager, schedule: ScheduleName) => {
  const [last] = await em.find(
    ScheduleSlotEntity,
    { schedule, byHand: false },
    { orderBy: { slotAt: 'desc' }, limit: 1, ...AS_ROWS },
  );
  return last ?? null;
};

const lastRunOf = async (em: SqlEntityManager, schedule: ScheduleName) => {
  const [last] = await em.find(
    ScheduleSlotEntity,
    { schedule },
    { orderBy: { openedAt: 'desc', slotAt: 'desc' }, limit: 1, ...AS_ROWS },
  );
  return last ?? null;
};

const firstInstanceOf = async (em: SqlEntityManager): Promise<number | null> => {
  const [first] = await em.find(
    InstanceEntity,
    {},
    { fields: ['createdAt'], orderBy: { createdAt: 'asc' }, limit: 1, ...AS_ROWS },
  );
  return first?.createdAt.getTime() ?? null;
};

/** The instances for which the schedule is enabled by a setting of their own. */
const enabledForOf = async (em: SqlEntityManager, name: ScheduleName): Promise<ReadonlySet<InstanceId>> => {
  const own = await em.find(
    InstanceSettingEntity,
    { key: `sync.${name}.scheduleEnabled`, value: true },
    { fields: ['instanceId'], ...AS_ROWS },
  );
  return new Set(own.map(({ instanceId }) => instanceId));
};

/** Newest first; what was before the last slot decides nothing any more. */
const changesSince = (em: SqlEntityManager, name: ScheduleName, since: Date | null) =>
  em.find(
    SettingChangeEntity,
    {
      $or: [
        { instanceId: null, key: { $in: [...ruleKeysOf(name)] } },
        { instanceId: { $ne: null }, key: `sync.${name}.scheduleEnabled` },
      ],
      ...(since === null ? {} : { changedAt: { $gt: since } }),
    },
    { orderBy: { id: 'desc' }, ...AS_ROWS },
  );

/** A slot belongs to the rule that was in force until its very instant. */
const forAllAt = (now: boolean, former: readonly PastRule[], at: number): boolean =>
  former.reduce((isForAll, { until, isForAll: before }) => (until >= at ? before : isForAll), now);

export const readSchedule = async (em: SqlEntityManager, name: ScheduleName): Promise<StoredSchedule> => {
  // What cannot be used is told by those who read settings to go by them; this is read every few seconds.
  const settings = inForce(settingReader(silentLog).setBy(await serviceRows(em)));
  const lastSlot = await lastSlotOf(em, name);
  const changes = await changesSince(em, name, lastSlot?.slotAt ?? null);
  const past = changes.flatMap(({ instanceId, key, hadValue, oldValue, changedAt }) =>
    isKey(key)
      ? [
          {
            instanceId: instanceId ?? null,
            key,
            oldValue: hadValue ? oldValue : undefined,
            at: changedAt.getTime(),
          },
        ]
      : [],
  );
  const enabledFor = await enabledForOf(em, name);
  const rule = ruleOf(settings, name);
  const former = formerRules(name, settings, past, enabledFor);
  return {
    settings,
    wasForAll: (at) => forAllAt(rule.enabled, former, at),
    state: {
      rule: { ...rule, enabled: rule.enabled || enabledFor.size > 0 },
      former,
      lastSlotAt: lastSlot?.slotAt.getTime() ?? null,
      firstInstanceAt: lastSlot === null ? await firstInstanceOf(em) : null,
    },
  };
};

interface Tally {
  readonly outcome: 'due' | 'started' | 'skipped';
  readonly reason: string | null;
  readonly status: JobStatus | null;
  readonly count: number;
}

/** Raw SQL: counts over what has no relation. */
const TALLIES = `
  SELECT outcome, reason, CASE WHEN outcome = 'started' THEN status END AS status, count(*)::float8 AS count
  FROM schedule_runs LEFT JOIN sync_jobs ON sync_jobs.id = schedule_runs.job_id
  WHERE schedule = $1 AND slot_at = $2 GROUP BY 1, 2, 3`;

const countsOf = (tallies: readonly Tally[]) => {
  const sum = (isMeant: (tally: Tally) => boolean) =>
    tallies.filter(isMeant).reduce((total, { count }) => total + count, 0);
  const over = ['completed', 'failed', 'cancelled'] as const;
  const [completed, failed, cancelled] = over.map((status) => sum((tally) => tally.status === status));
  return {
    instances: sum(() => true),
    due: sum(({ outcome }) => outcome === 'due'),
    active: sum(({ outcome, status }) => outcome === 'started' && !over.some((one) => one === status)),
    completed: completed ?? 0,
    failed: failed ?? 0,
    cancelled: cancelled ?? 0,
    skipped: sum(({ outcome }) => outcome === 'skipped'),
    skipReasons: Object.fromEntries(
      tallies.flatMap(({ reason, count }) => (reason === null ? [] : [[reason, count] as const])),
    ),
  };
};

const resultOf = (tallies: readonly Tally[]) => {
  const counts = countsOf(tallies);
  return { outcome: outcomeOf(counts), ...counts };
};

export const scheduleViews = async (connection: EntityConnection, now: number): Promise<readonly ScheduleView[]> => {
  const views: ScheduleView[] = [];
  for (const name of ScheduleName.literals) {
    const { stored, last } = await connection.entities(async (em) => ({
      stored: await readSchedule(em, name),
      last: await lastRunOf(em, name),
    }));
    const tallies =
      last === null
        ? []
        : await connection.query((sql) => sql.rows<Tally>(TALLIES, [name, toInstant(last.slotAt.getTime())]));
    const { settings, state } = stored;
    views.push({
      name,
      ...ruleOf(settings, name),
      spreadMinutes: settings['sync.scheduleSpreadMinutes'],
      lastRun:
        last === null
          ? null
          : {
              trigger: last.byHand ? 'manual' : 'schedule',
              slotAt: last.slotAt.toISOString(),
              openedAt: last.openedAt.toISOString(),
              ...resultOf(tallies),
            },
      nextRunAt: toIsoOrNull(slotAfter(state.rule, now)),
    });
  }
  return views;
};
