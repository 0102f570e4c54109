import { Schema } from 'effect';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { syncJobActor } from '../../machines/sync-job.ts';
import { SyncJobContext } from '../../machines/sync-job-context.ts';
import { CONVERSATION, type EventData, FOUND, Job, NO_COUNTS, WALK } from './one-job.ts';
import { SEED } from './seed.ts';

const isContext = Schema.is(SyncJobContext);

describe('a sync job', () => {
  it('lists, reads, and completes', () => {
    const job = new Job().reading();
    expect(job.state).toBe('running');
    job.page().page({ ended: 'start_of_history' });
    expect(job.context.permits).toEqual([]);
    job.tell({ type: 'nothingLeft', from: 2, passed: 1, errors: [] });
    expect(job.state).toBe('completed');
    expect(job.context.progress).toMatchObject({ percent: 100, conversationsDone: 1, pages: 2 });
    expect(job.published).toContain('sync.completed');
  });

  it('returns the permits that it does not need when a walk ends', () => {
    const job = new Job().reading().page({ ended: 'depth_reached' });
    expect(job.toLimiter).toEqual(['permitUsed', 'permitsReturned']);
  });

  it('drops a page of a former run', () => {
    const job = new Job().reading();
    const { run } = job;
    job.tell({ type: 'connectionDown' }).tell({ type: 'connectionUp' });
    const before = job.snapshot;
    job.page({ run });
    expect(job.snapshot.context).toEqual(before.context);
  });

  it('puts the conversation down when it is paused, and finds where to go on when it is resumed', () => {
    const job = new Job().reading().tell({ type: 'pause' });
    expect(job.state).toBe('paused');
    expect(job.context).toMatchObject({ walk: null, permits: [] });
    expect(job.toLimiter).toEqual(['permitsForfeited']);
    job.asks = 0;
    job.tell({ type: 'resume' });
    expect([job.state, job.asks]).toEqual(['waiting', 1]);
  });

  it('keeps its place over a pause when it reads again what is held, since spans do not tell', () => {
    const job = new Job({ refresh: true }).reading().page().tell({ type: 'pause' }).tell({ type: 'resume' });
    expect(job.context.walk).toMatchObject({ before: { at: 5, id: '5' } });
  });

  it('tries a bad answer five times, then leaves the conversation with its reason', () => {
    const job = new Job().reading();
    const pauses: number[] = [];
    for (let failures = 0; failures < 4; failures++) {
      job.fail('badAnswer');
      pauses.push((syncJobActor.deadline(job.snapshot) ?? 0) - job.now);
      job.now = syncJobActor.deadline(job.snapshot) ?? 0;
      job.tell({ type: 'timerDue' }).tell({ type: 'permitGranted', run: job.run, limit: 100 });
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000]);
    job.fail('badAnswer');
    expect(job.context.walk).toBeNull();
    expect(job.context.progress.errors).toMatchObject([{ reason: 'platform_error', message: 'words' }]);
  });

  it('waits for a platform that is away for as long as it takes, and counts that against nobody', () => {
    const job = new Job().reading();
    for (let tries = 0; tries < 50; tries++) {
      job.fail('unreachable');
      expect(job.context.waitingFor?.what).toBe('platform');
      expect((job.context.retryAt ?? 0) - job.now).toBeLessThanOrEqual(75_000);
      job.now = job.context.retryAt ?? 0;
      job.tell({ type: 'timerDue' }).tell({ type: 'permitGranted', run: job.run, limit: 100 });
    }
    expect(job.context.progress.errorCount).toBe(0);
  });

  it('leaves a conversation that it may not read, and says so', () => {
    const job = new Job().reading().fail('accessDenied');
    expect(job.context.walk).toBeNull();
    expect(job.context.progress.errors).toMatchObject([{ reason: 'no_access', conversationId: CONVERSATION }]);
  });

  it('fails after repeated failures of ours, and not before the restart policy says so', () => {
    const job = new Job().reading();
    for (let crashes = 0; crashes < 5; crashes++) {
      job.tell({ type: 'crashed', message: 'words' });
      expect(job.context.waitingFor?.what).toBe('restart');
      job.now = job.context.retryAt ?? 0;
      job.tell({ type: 'timerDue' });
    }
    job.tell({ type: 'crashed', message: 'words' });
    expect([job.state, job.context.errorMessage]).toEqual(['failed', 'Gave up after repeated failures: words']);
  });

  it('forgives failures that lie far back', () => {
    const job = new Job().reading();
    for (let crashes = 0; crashes < 30; crashes++) {
      job.tell({ type: 'crashed', message: 'words' });
      job.now += 10 * 60_000;
      job.tell({ type: 'timerDue' });
    }
    expect(job.state).toBe('waiting');
  });

  it('tells of its progress twice a second at most', () => {
    const job = new Job().reading();
    job.published.length = 0;
    for (let pages = 0; pages < 40; pages++) {
      job.now += 100;
      job.page().tell({ type: 'permitGranted', run: job.run, limit: 100 });
    }
    expect(job.published.filter((name) => name === 'sync.progress').length).toBeLessThanOrEqual(9);
  });

  const run = fc.constantFrom('current', 'stale');
  const simple = fc.constantFrom<EventData>(
    { type: 'start', online: true },
    { type: 'start', online: false },
    { type: 'pause' },
    { type: 'resume' },
    { type: 'connectionUp' },
    { type: 'connectionDown' },
    { type: 'conversationFreed' },
    { type: 'timerDue' },
    { type: 'restored' },
    { type: 'crashed', message: 'words' },
    { type: 'permitsRecalled' },
    { type: 'walkChosen', walk: WALK, ...FOUND },
    { type: 'searchPaused', ...FOUND },
    { type: 'allBlocked', ...FOUND, what: 'walk', until: null, detail: 'words' },
  );
  const ending = fc.constantFrom<EventData>(
    { type: 'cancel' },
    { type: 'giveUp', message: 'words' },
    { type: 'nothingLeft', from: 1, passed: 0, errors: [] },
  );
  const ofRun = fc.constantFrom<EventData>(
    { type: 'permitGranted', run: '', limit: 100 },
    { type: 'permitDelayed', run: '', until: 5, what: 'permit' },
    { type: 'conversationResting', run: '', until: 5 },
    { type: 'listingStored', run: '', nextCursor: null, total: 3, errors: [], pausedUntil: null, usedAt: 0 },
    { type: 'listingStored', run: '', nextCursor: 'more', total: null, errors: [], pausedUntil: 2_000_000, usedAt: 0 },
    {
      type: 'pageStored',
      run: '',
      counts: NO_COUNTS,
      errors: [],
      before: null,
      ended: null,
      pausedUntil: 9,
      usedAt: 0,
    },
    {
      type: 'pageStored',
      run: '',
      counts: NO_COUNTS,
      errors: [],
      before: null,
      ended: 'no_access',
      pausedUntil: null,
      usedAt: 0,
    },
    ...(['rateLimited', 'accessDenied', 'unreachable', 'badAnswer'] as const).map(
      (kind): EventData => ({ type: 'pageFailed', run: '', failure: { kind, message: '' }, usedAt: 0 }),
    ),
  );
  const word = fc.oneof(
    { weight: 8, arbitrary: simple.map((event) => ({ event, run: null })) },
    { weight: 8, arbitrary: fc.record({ event: ofRun, run }) },
    { weight: 1, arbitrary: ending.map((event) => ({ event, run: null })) },
  );

  it(`takes any event in any state, ignores stale runs, and stays where it ended (TEST_SEED=${SEED})`, () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(word, { maxLength: 60, size: 'max' }), (refresh, words) => {
        const job = new Job({ refresh });
        for (const one of words) {
          const before = job.snapshot;
          job.now += 250;
          job.tell(one.event, one.run === 'stale' ? 'stale' : job.run);
          if (one.run === 'stale' || before.status === 'done') expect(job.context).toEqual(before.context);
          if (before.status === 'done') expect(job.state).toBe(before.value);
          expect(isContext(JSON.parse(JSON.stringify(job.context)))).toBe(true);
          if (job.state === 'running') expect(job.context.permits.length).toBeGreaterThan(0);
          if (job.state === 'waiting' || job.state === 'paused') expect(job.context.permits).toEqual([]);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
