import type { InstanceSnapshot } from '../../../machines/instance.ts';
import type { SyncJobSnapshot } from '../../../machines/sync-job.ts';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { InstanceState } from '../../domain/instance.ts';
import type { Log } from '../../domain/log.ts';
import { type InstanceActors, isFinished } from '../instance-actors.ts';

interface About {
  readonly id: InstanceId;
  readonly name: string;
  readonly channel: ChannelName;
}

/** In which an account does not do what was asked of it. */
const TROUBLED: ReadonlySet<InstanceState> = new Set(['backingOff', 'loggedOut', 'error']);

/**
 * Tells the log what a committed step means to an operator: a line for each change of an instance's state, and for each
 * job that begins or ends. What goes on in between is progress, which streams and metrics show.
 */
export const tellStep = (log: Log, about: About, before: InstanceActors, after: InstanceActors): void => {
  tellState(log, about, before.supervisor, after.supervisor);
  for (const [jobId, job] of after.jobs) tellJob(log, about, jobId, before.jobs.get(jobId), job);
};

const tellState = (log: Log, { id, name, channel }: About, before: InstanceSnapshot, after: InstanceSnapshot): void => {
  const [from, to] = [before.value, after.value];
  if (from === to) return;
  const { error } = after.context;
  const fields = { instanceId: id, channel, from, to, ...(error === null ? {} : { code: error.code }) };
  const isTroubled = TROUBLED.has(to) && error !== null;
  const why = isTroubled ? ` (${error.code}): ${error.message}` : '.';
  log[isTroubled ? 'warn' : 'info'](fields, `${name}: ${from} → ${to}${why}`);
};

const tellJob = (
  log: Log,
  { id, name, channel }: About,
  jobId: JobId,
  before: SyncJobSnapshot | undefined,
  after: SyncJobSnapshot,
): void => {
  const { config, progress, startedAt, completedAt, errorMessage } = after.context;
  const fields = { instanceId: id, channel, jobId, type: config.type };
  if (startedAt !== null && (before?.context.startedAt ?? null) === null) {
    log.info(fields, `${name}: sync of ${config.type} begins.`);
  }
  if (!isFinished(after) || (before !== undefined && isFinished(before))) return;
  const { fetched, stored, duplicates, updated, errorCount, pages } = progress;
  const tookMs = startedAt === null || completedAt === null ? null : completedAt - startedAt;
  const figures = { fetched, stored, duplicates, updated, errors: errorCount, pages, tookMs };
  const sums = `${fetched} fetched, ${stored} stored, ${updated} updated, ${errorCount} errors`;
  const why = errorMessage === null ? '' : ` ${errorMessage}`;
  const level = after.value === 'failed' ? 'warn' : 'info';
  log[level](
    { ...fields, status: after.value, ...figures },
    `${name}: sync of ${config.type} ${after.value}: ${sums}.${why}`,
  );
};
