import { randomUUID } from 'node:crypto';
import { JobId } from '../../src/domain/ids.ts';
import type { JobConfig } from '../../src/domain/job.ts';

/** All history there is, but for the changes. */
export const jobConfig = (changes: Partial<JobConfig> = {}): JobConfig => ({
  type: 'messages',
  depth: 'all',
  since: 0,
  until: null,
  channelId: null,
  conversationIds: null,
  refresh: false,
  ...changes,
});

export const newJobId = (): JobId => JobId.make(randomUUID());
