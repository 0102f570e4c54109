import { defineEntity, p } from '@mikro-orm/core';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { ScheduleName, SkipReason } from '../../domain/schedule.ts';

/** An instance's share in a slot. */
export const ScheduleRunEntity = defineEntity({
  name: 'ScheduleRun',
  tableName: 'schedule_runs',
  properties: {
    schedule: p.string().$type<ScheduleName>().primary(),
    slotAt: p.datetime().primary(),
    instanceId: p.uuid().$type<InstanceId>().primary(),
    dueAt: p.datetime(),
    outcome: p.string().$type<'due' | 'started' | 'skipped'>().default('due'),
    jobId: p.uuid().$type<JobId>().nullable(),
    reason: p.string().$type<SkipReason>().nullable(),
    settledAt: p.datetime().nullable(),
  },
});
