import { describe, expect, it } from 'vitest';
import { initialTransition } from 'xstate';
import { instanceMachine } from '../../../machines/instance.ts';
import { rateLimitMachine } from '../../../machines/rate-limit.ts';
import { newSyncJob, syncJobMachine } from '../../../machines/sync-job.ts';
import { SnapshotUnusable } from '../../../src/domain/errors.ts';
import type { InstanceId } from '../../../src/domain/ids.ts';
import { restoreActors } from '../../../src/runtime/step/restore.ts';
import type { StoredInstance } from '../../../src/runtime/store/stored-instance.ts';
import type { StoredSnapshot } from '../../../src/runtime/stored-snapshot.ts';
import { jobConfig, newJobId } from '../../harness/job-config.ts';

const LIMITS = { messages: 50, contacts: 100, unit: 'request', atOnce: null } as const;
const JOB = newJobId();

const stored = (machine: string, { value, context }: { value: unknown; context: unknown }): StoredSnapshot =>
  JSON.parse(JSON.stringify({ machine, version: 2, value, context }));

const supervisor = stored('instance', initialTransition(instanceMachine)[0]);
const limiter = stored('rate-limit', initialTransition(rateLimitMachine, { limits: LIMITS })[0]);
const job = stored('sync-job', initialTransition(syncJobMachine, newSyncJob(JOB, jobConfig()))[0]);

const rows = (changes: {
  supervisor?: StoredSnapshot;
  limiter?: StoredSnapshot;
  job?: StoredSnapshot;
}): StoredInstance => ({
  id: 'instance' as InstanceId,
  name: 'bot',
  channel: 'discord',
  partition: 0,
  lastSeq: 7,
  openAttempts: 0,
  record: { state: 'stopped', account: null, error: null, wanted: false },
  actors: new Map([
    ['instance', changes.supervisor ?? supervisor],
    ['rate-limit', changes.limiter ?? limiter],
  ]),
  jobs: [{ jobId: JOB, config: jobConfig(), snapshot: changes.job ?? job }],
});

const UNUSABLE: readonly (readonly [string, (good: StoredSnapshot) => StoredSnapshot, string])[] = [
  ['of another machine', (good) => ({ ...good, machine: 'walker' }), 'belongs to the machine "walker"'],
  ['of a newer build', (good) => ({ ...good, version: 3 }), 'newer build'],
  [
    'of an older version, with a context that never was',
    (good) => ({ ...good, version: 1, context: {} }),
    'does not fit version 2',
  ],
  ['in a state that does not exist', (good) => ({ ...good, value: 'dreaming' }), 'has no state "dreaming"'],
  [
    'in a state that only every object has',
    (good) => ({ ...good, value: 'constructor' }),
    'has no state "constructor"',
  ],
  ['in a state of states', (good) => ({ ...good, value: { online: 'deeply' } }), 'has no state'],
  ['without a context', (good) => ({ ...good, context: null }), 'does not fit version 2'],
];

describe('a restore', () => {
  it('takes up what version 1 of each machine wrote', () => {
    const { pairWith: _pair, ...oldSupervisor } = supervisor.context as Record<string, unknown>;
    const { messages, contacts, unit } = LIMITS;
    const oldLimiter = { ...(limiter.context as object), limits: { messages, contacts, unit } };
    const { stage: _stage, silences: _silences, progress, ...oldJob } = job.context as Record<string, unknown>;
    const { parts: _parts, ...oldProgress } = progress as Record<string, unknown>;
    const { actors, lostJobs } = restoreActors(
      rows({
        supervisor: { ...supervisor, version: 1, context: oldSupervisor },
        limiter: { ...limiter, version: 1, context: oldLimiter },
        job: { ...job, version: 1, context: { ...oldJob, phase: 'reading', progress: oldProgress } },
      }),
      LIMITS,
    );
    expect(lostJobs.size).toBe(0);
    expect(actors.supervisor.context).toEqual(supervisor.context);
    expect(actors.limiter.context).toEqual(limiter.context);
    expect(actors.jobs.get(JOB)?.context).toMatchObject({ stage: 'reading', silences: 0, progress: { parts: [] } });
  });

  it('brings every actor back as it was', () => {
    const { actors, lostJobs } = restoreActors(rows({}), LIMITS);
    expect(lostJobs.size).toBe(0);
    expect(actors.supervisor).toMatchObject({ value: 'stopped', context: supervisor.context });
    expect(actors.limiter).toMatchObject({ value: 'normal', context: limiter.context });
    expect(actors.jobs.get(JOB)).toMatchObject({ value: 'pending', context: job.context });
  });

  it('makes new actors on a first start, and leaves a job that nobody has seen to its command', () => {
    const { actors } = restoreActors(
      { ...rows({}), actors: new Map(), jobs: [{ jobId: JOB, config: jobConfig(), snapshot: null }] },
      LIMITS,
    );
    expect([actors.supervisor.value, actors.limiter.context.limits, actors.jobs.size]).toEqual(['stopped', LIMITS, 0]);
  });

  it.each(UNUSABLE)('refuses a supervisor or limiter %s', (_, spoil, words) => {
    expect(() => restoreActors(rows({ supervisor: spoil(supervisor) }), LIMITS)).toThrow(SnapshotUnusable);
    expect(() => restoreActors(rows({ limiter: spoil(limiter) }), LIMITS)).toThrow(words);
  });

  it.each(UNUSABLE)('loses a job %s alone', (_, spoil, words) => {
    const { actors, lostJobs } = restoreActors(rows({ job: spoil(job) }), LIMITS);
    expect(actors.jobs.size).toBe(0);
    expect(lostJobs.get(JOB)).toContain(words);
  });

  it.each([
    ['a counter that was no number', { strikes: Number.NaN }],
    ['a limit without end', { limits: { ...LIMITS, messages: Number.POSITIVE_INFINITY } }],
    ['a log of words', { log: { messages: [['now', 1]], contacts: [] } }],
  ])('refuses a context with %s', (_, changes) => {
    const context = JSON.parse(JSON.stringify({ ...(limiter.context as object), ...changes }));
    expect(() => restoreActors(rows({ limiter: { ...limiter, context } }), LIMITS)).toThrow(SnapshotUnusable);
  });
});
