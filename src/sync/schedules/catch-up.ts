import type { Moment } from '../../../machines/moment.ts';
import type { Command } from '../../domain/command.ts';
import { type SyncDepth, sinceOf } from '../../domain/depth.ts';
import { type InstanceId, JobId } from '../../domain/ids.ts';
import type { JobConfig } from '../../domain/job.ts';
import type { InstanceActors } from '../../runtime/instance-actors.ts';
import type { SyncTransaction } from '../store.ts';

/*
 * An instance syncs by itself once for each continuity: when it connects for the first time, and after every gap.
 * Whether it has is a row that commits together with the command. So the question may be asked as often as one likes,
 * and a crash neither loses the job nor doubles it.
 */

/**
 * Whether a catch-up may have become owed in this step: new messages begin to come live, or what was in its way is
 * over.
 */
const mayBeOwed = (before: InstanceActors, after: InstanceActors): boolean => {
  const { continuity } = after.supervisor.context;
  if (continuity === null) return false;
  return continuity !== before.supervisor.context.continuity || hasFinishedJob(before, after);
};

/** A job that somebody cancelled is not followed by another one. */
const hasFinishedJob = (before: InstanceActors, after: InstanceActors): boolean =>
  [...after.jobs].some(([id, { context }]) => {
    const isOver = context.outcome === 'completed' || context.outcome === 'failed';
    return isOver && before.jobs.get(id)?.context.outcome !== context.outcome;
  });

/** The first brings everything; a later one the messages that a gap has left out, however long ago it began. */
const configOf = (first: boolean, depth: SyncDepth, owedSince: number, at: number): JobConfig => {
  const byDepth = sinceOf(depth, at);
  return {
    type: first ? 'all' : 'messages',
    depth: owedSince < byDepth ? null : depth,
    since: Math.max(0, Math.min(owedSince, byDepth)),
    until: null,
    channelId: null,
    conversationIds: null,
    refresh: false,
  };
};

export interface CatchUpSetting {
  readonly tx: SyncTransaction;
  readonly instanceId: InstanceId;
  /** How far back a first sync goes; null: the instance shall not sync by itself. */
  readonly depth: SyncDepth | null;
  readonly moment: Moment;
}

/** The sync that an instance has to ask of itself after a step; null: none. */
export const catchUpAfter = async (
  { tx, instanceId, depth, moment: { at, fresh } }: CatchUpSetting,
  before: InstanceActors,
  after: InstanceActors,
): Promise<Command | null> => {
  const { continuity } = after.supervisor.context;
  if (continuity === null || depth === null || !mayBeOwed(before, after)) return null;
  const known = await tx.lockCatchUp(instanceId);
  // A job that works on all messages already may have passed what was missed: this comes when it is over.
  if (known === null || known.isBusy || known.last?.continuity === continuity) return null;
  const { last } = known;
  const owedSince = last === null ? at : last.hasReadMessages ? last.begunAt : last.since;
  const config = configOf(last === null, depth, owedSince, at);
  const jobId = JobId.make(fresh);
  await tx.saveCatchUp(instanceId, { continuity, begunAt: at, since: config.since, jobId });
  return { type: 'startSync', jobId, config };
};
