import { isDeepStrictEqual } from 'node:util';
import type { AnyMachineSnapshot } from 'xstate';
import { type InstanceSnapshot, instanceActor } from '../../../machines/instance.ts';
import { rateLimitActor } from '../../../machines/rate-limit.ts';
import { type SyncJobSnapshot, syncJobActor } from '../../../machines/sync-job.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { InstanceState } from '../../domain/instance.ts';
import type { JobStatus } from '../../domain/job.ts';
import type { InstanceActors } from '../instance-actors.ts';
import type { InstanceRecord, JobRecord, StepTransaction } from '../store/step-transaction.ts';
import type { StoredSnapshot } from '../stored-snapshot.ts';

/** Actors as rows: what a step has to write so that a restore finds them as they are. */

const stored = (
  definition: { readonly id: string; readonly version: number },
  snapshot: AnyMachineSnapshot,
): StoredSnapshot => ({
  machine: definition.id,
  version: definition.version,
  value: snapshot.value,
  context: snapshot.context,
});

const hasChanged = (before: AnyMachineSnapshot | undefined, after: AnyMachineSnapshot): boolean =>
  before !== after &&
  (before === undefined || before.value !== after.value || !isDeepStrictEqual(before.context, after.context));

export const stateOf = (supervisor: InstanceSnapshot): InstanceState => supervisor.value;

export const instanceRecord = (supervisor: InstanceSnapshot): InstanceRecord => {
  const { account, error, wanted } = supervisor.context;
  return { state: stateOf(supervisor), account, error, wanted };
};

const jobRecord = (jobId: JobId, job: SyncJobSnapshot): JobRecord => {
  const { progress, waitingFor, errorMessage, startedAt, completedAt } = job.context;
  const status: JobStatus = job.value;
  return {
    jobId,
    status,
    progress,
    waitingFor,
    errorMessage,
    startedAt,
    completedAt,
    snapshot: stored(syncJobActor, job),
  };
};

/** Writes whatever differs between two states of an instance's actors. */
export const saveActors = async (
  tx: StepTransaction,
  instanceId: InstanceId,
  before: InstanceActors,
  after: InstanceActors,
): Promise<void> => {
  if (hasChanged(before.supervisor, after.supervisor)) {
    await tx.saveActor(instanceId, instanceActor.id, stored(instanceActor, after.supervisor));
    const record = instanceRecord(after.supervisor);
    if (!isDeepStrictEqual(record, instanceRecord(before.supervisor))) {
      await tx.saveInstance(instanceId, record);
    }
  }
  if (hasChanged(before.limiter, after.limiter)) {
    await tx.saveActor(instanceId, rateLimitActor.id, stored(rateLimitActor, after.limiter));
  }
  for (const [jobId, job] of after.jobs) {
    if (hasChanged(before.jobs.get(jobId), job)) await tx.saveJob(jobRecord(jobId, job));
  }
};
