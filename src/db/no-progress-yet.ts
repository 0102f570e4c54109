import type { Progress } from '../domain/job.ts';

/** The progress of a job that no step has seen. */
export const NO_PROGRESS_YET: Progress = {
  fetched: 0,
  stored: 0,
  duplicates: 0,
  updated: 0,
  malformed: 0,
  pages: 0,
  listingRequests: 0,
  conversationsDone: 0,
  conversationsTotal: null,
  percent: null,
  ratePerMinute: 0,
  etaMs: null,
  current: null,
  errorCount: 0,
  errors: [],
};
