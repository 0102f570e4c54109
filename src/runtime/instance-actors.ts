import type { InstanceSnapshot } from '../../machines/instance.ts';
import type { RateLimitSnapshot } from '../../machines/rate-limit.ts';
import type { SyncJobSnapshot } from '../../machines/sync-job.ts';
import type { JobId } from '../domain/ids.ts';

/** The actors of one instance, as the last committed step left them. A value: a step makes the next one. */
export interface InstanceActors {
  readonly supervisor: InstanceSnapshot;
  readonly limiter: RateLimitSnapshot;
  /** Unfinished jobs, and finished ones for a while. */
  readonly jobs: ReadonlyMap<JobId, SyncJobSnapshot>;
}

export const isFinished = (job: SyncJobSnapshot): boolean => job.status !== 'active';

export const withJob = (actors: InstanceActors, jobId: JobId, job: SyncJobSnapshot): InstanceActors => ({
  ...actors,
  jobs: new Map(actors.jobs).set(jobId, job),
});

export const withoutJobs = (actors: InstanceActors, gone: ReadonlySet<JobId>): InstanceActors => ({
  ...actors,
  jobs: new Map([...actors.jobs].filter(([jobId]) => !gone.has(jobId))),
});
