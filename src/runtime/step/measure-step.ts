import type { ChannelName } from '../../domain/channel-name.ts';
import type { Metrics } from '../../domain/metrics.ts';
import type { InstanceActors } from '../instance-actors.ts';
import type { StepInput } from './step.ts';

const actorOf = (input: StepInput): string => {
  switch (input.kind) {
    case 'mail':
      return 'timer';
    case 'report':
      return 'jobId' in input.report ? 'sync-job' : 'instance';
    default:
      return 'jobId' in input.letter.command ? 'sync-job' : 'instance';
  }
};

const storedBy = (actors: InstanceActors): number =>
  [...actors.jobs.values()].reduce((sum, job) => sum + job.context.progress.stored, 0);

const REQUEST_KINDS = {
  pageFetched: 'messages',
  listingFetched: 'listing',
  surveyFetched: 'people',
  requestFailed: 'failed',
} as const;

/** Counts what a committed step has done. */
export const measureStep = (
  metrics: Metrics,
  channel: ChannelName,
  input: StepInput,
  before: InstanceActors,
  after: InstanceActors,
  tookMs: number,
): void => {
  const actor = actorOf(input);
  metrics.count('omni_steps_total', { actor });
  metrics.observe('omni_step_duration_seconds', tookMs / 1000, { actor });
  const stored = storedBy(after) - storedBy(before);
  if (stored > 0) metrics.count('omni_messages_stored_total', { channel, source: 'sync' }, stored);
  if (input.kind !== 'report') return;
  const { report } = input;
  if (report.type === 'connection') {
    const told = report.report;
    if (told.type !== 'messagesArrived') return;
    metrics.count('omni_messages_stored_total', { channel, source: 'live' }, told.messages.length);
    return;
  }
  if (!('jobId' in report)) return;
  const outcome = report.type === 'requestFailed' ? report.failure._tag : 'ok';
  metrics.count('omni_pages_total', { channel, outcome });
  metrics.count('omni_platform_requests_total', {
    channel,
    kind: REQUEST_KINDS[report.type],
  });
};
