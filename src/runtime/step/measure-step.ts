import type { ChannelName } from '../../domain/channel-name.ts';
import type { Metrics } from '../../domain/metrics.ts';
import type { Report } from '../report.ts';
import type { StepInput, Stepped } from './step.ts';

const sourceOf = (report: Report): 'live' | 'push' | 'sync' => {
  if (report.type === 'connection') return 'live';
  return 'jobId' in report ? 'sync' : 'push';
};

const inputOf = (input: StepInput): string => (input.kind === 'report' ? sourceOf(input.report) : input.kind);

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
  { stored }: Pick<Stepped, 'stored'>,
  tookMs: number,
): void => {
  const labels = { input: inputOf(input) };
  metrics.count('omni_steps_total', labels);
  metrics.observe('omni_step_duration_seconds', tookMs / 1000, labels);
  if (input.kind !== 'report') return;
  const { report } = input;
  if (stored > 0) metrics.count('omni_messages_stored_total', { channel, source: sourceOf(report) }, stored);
  if (!('jobId' in report)) return;
  const outcome = report.type === 'requestFailed' ? report.failure._tag : 'ok';
  metrics.count('omni_pages_total', { channel, outcome });
  metrics.count('omni_platform_requests_total', {
    channel,
    kind: REQUEST_KINDS[report.type],
  });
};
