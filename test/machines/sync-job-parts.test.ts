import { describe, expect, it } from 'vitest';
import { syncJobActor } from '../../machines/sync-job.ts';
import type { PageFailure } from '../../machines/sync-job-events.ts';
import { Job } from './one-job.ts';

const COUNTS = { fetched: 7, stored: 5, duplicates: 1, updated: 1, malformed: 0 };

const started = (type: 'all' | 'contacts' | 'groups'): Job =>
  new Job({ type }).tell({ type: 'start', online: true }).granted();

/** Answers that leave the survey no way out. */
const giveUp = (job: Job, kind: PageFailure['kind'] = 'badAnswer'): Job => {
  for (let failures = 0; failures < 5; failures++) {
    job.fail(kind);
    job.now = syncJobActor.deadline(job.snapshot) ?? job.now;
    job.tell({ type: 'timerDue' }).granted();
  }
  return job;
};

const readEverything = (job: Job): Job =>
  job.listed().page({ ended: 'start_of_history' }).tell({ type: 'nothingLeft', from: 2, passed: 1, errors: [] });

describe('the parts of a job', () => {
  it('come one after another: contacts, groups, messages, each with figures of its own', () => {
    const job = started('all');
    expect(job.context).toMatchObject({ stage: 'contacts', walk: { kind: 'survey', of: 'contacts', cursor: null } });
    job.surveyed({ counts: COUNTS, gone: 2 }).granted();
    expect(job.context).toMatchObject({ stage: 'groups', walk: { kind: 'survey', of: 'groups', cursor: null } });
    job.surveyed({ counts: COUNTS, nextCursor: 'more' }).granted();
    expect(job.context.walk).toMatchObject({ of: 'groups', cursor: 'more' });
    job.surveyed({ counts: COUNTS }).granted();
    expect(job.context).toMatchObject({ stage: 'listing', walk: { kind: 'listing' } });
    readEverything(job);
    expect(job.state).toBe('completed');
    const part = { status: 'completed', fetched: 7, stored: 5, duplicates: 1, updated: 1, gone: 0 };
    expect(job.context.progress.parts).toEqual([
      { ...part, part: 'contacts', gone: 2 },
      { ...part, part: 'groups', fetched: 14, stored: 10, duplicates: 2, updated: 2 },
      { ...part, part: 'messages', fetched: 0, stored: 0, duplicates: 0, updated: 0 },
    ]);
    expect(job.context.progress).toMatchObject({ fetched: 21, stored: 15, listingRequests: 4 });
  });

  it('go on when one of them fails, and the outcome says which and why', () => {
    const job = giveUp(started('all'));
    expect(job.context.stage).toBe('groups');
    job.surveyed().granted();
    readEverything(job);
    expect(job.state).toBe('completed');
    expect(job.context.progress.parts.map(({ part, status }) => `${part} ${status}`)).toEqual([
      'contacts failed',
      'groups completed',
      'messages completed',
    ]);
    expect(job.context.progress.errors).toMatchObject([{ reason: 'contacts_failed', message: 'words' }]);
  });

  it('that may not be read are given up at once, the others are read', () => {
    const job = started('all').surveyed().granted().fail('accessDenied').granted();
    expect(job.context.stage).toBe('listing');
    expect(job.context.progress).toMatchObject({
      parts: [{ status: 'completed' }, { part: 'groups', status: 'failed' }, { status: 'running' }],
      errors: [{ reason: 'groups_failed' }],
    });
  });

  it('that have errors end as incomplete', () => {
    const error = { conversationId: null, externalId: '7', reason: 'bad', message: 'words' };
    const job = started('all')
      .surveyed({ errors: [error] })
      .granted();
    expect(job.context.progress.parts[0]).toMatchObject({ part: 'contacts', status: 'incomplete' });
  });

  it('are all there is of a job for contacts: if they fail, it fails with their reason', () => {
    const job = giveUp(started('contacts'));
    expect([job.state, job.context.errorMessage]).toEqual(['failed', 'words']);
    expect(job.context.progress.parts).toMatchObject([{ part: 'contacts', status: 'failed' }]);
    expect(job.published.at(-1)).toBe('sync.failed');
  });

  it('begin anew at their last page after a pause, and after a lost connection', () => {
    for (const [away, back] of [
      ['pause', 'resume'],
      ['connectionDown', 'connectionUp'],
    ] as const) {
      const job = started('groups').surveyed({ nextCursor: 'more' });
      const { run } = job;
      job.tell({ type: away }).tell({ type: back }).granted();
      expect(job.context.walk).toMatchObject({ kind: 'survey', of: 'groups', cursor: 'more' });
      job.surveyed({ run, counts: COUNTS });
      expect(job.context.progress.fetched).toBe(0);
      job.surveyed({ counts: COUNTS });
      expect([job.state, job.context.progress.fetched]).toEqual(['completed', 7]);
    }
  });
});
