import { defineEntity, p } from '@mikro-orm/core';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { JobConfig, JobStatus, JobType, Progress, WaitingFor } from '../../domain/job.ts';

export const JobEntity = defineEntity({
  name: 'Job',
  tableName: 'sync_jobs',
  properties: {
    id: p.uuid().$type<JobId>().primary(),
    instanceId: p.uuid().$type<InstanceId>(),
    type: p.string().$type<JobType>(),
    status: p.string().$type<JobStatus>(),
    scope: p.text(),
    config: p.json<JobConfig>(),
    progress: p.json<Progress>(),
    waitingFor: p.json<WaitingFor>().nullable(),
    errorMessage: p.text().nullable(),
    machine: p.text().nullable(),
    machineVersion: p.integer().nullable(),
    machineValue: p.json<unknown>().nullable(),
    machineContext: p.json<unknown>().nullable(),
    startedAt: p.datetime().nullable(),
    completedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});
