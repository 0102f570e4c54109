import type { JobShown } from '../harness/api-client.ts';

const WIDTH = 28;

const duration = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
};

const bar = (percent: number): string => {
  const filled = Math.round((percent / 100) * WIDTH);
  return '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
};

const waiting = (job: JobShown, now: number): string => {
  const { waitingFor } = job;
  if (waitingFor === null) return '';
  const until = waitingFor.until === null ? '' : ` for ${duration(Math.max(0, Date.parse(waitingFor.until) - now))}`;
  return ` · waits${until}: ${waitingFor.detail}`;
};

/** A job in one line of a terminal: bar, messages, rate, time left, what it waits for. `now` in ms. */
export const progressLine = (job: JobShown, now: number): string => {
  const { percent, fetched, ratePerMinute, etaMs, current, listingRequests } = job.progress;
  if (percent === null) return `${bar(0)}  listing conversations (${listingRequests} requests)${waiting(job, now)}`;
  const eta = etaMs === null || etaMs === 0 ? '' : ` · ${duration(etaMs)} left`;
  const place = current === null ? '' : ` · #${current}`;
  return `${bar(percent)} ${percent.toFixed(1).padStart(5)} %  ${fetched} messages · ${ratePerMinute}/min${eta}${place}${waiting(job, now)}`;
};
