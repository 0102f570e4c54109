import { describe, expect, it } from 'vitest';
import { ConversationId } from '../../src/domain/ids.ts';
import { CONVERSATION, FOUND, Job, WALK } from './one-job.ts';

const OTHER = ConversationId.make('3f1e7c1a-0c7e-4d5e-9c39-6f1b9a2d4e13');
const next = (job: Job): Job =>
  job
    .tell({ type: 'walkChosen', walk: { ...WALK, conversationId: OTHER, ordinal: 2, externalId: '2' }, ...FOUND })
    .granted();

describe('a phone that keeps silent', () => {
  it('is asked again at once, from another message, the first time', () => {
    const job = new Job().reading();
    const { run } = job;
    job.fail('silent');
    expect(job.toLimiter).toEqual(['permitUsed', 'permitsReturned', 'permitRequested']);
    expect(job.run).not.toBe(run);
    expect(job.context).toMatchObject({ failures: 1, silences: 1, walk: { conversationId: CONVERSATION } });
  });

  it('is given a pause the second time', () => {
    const job = new Job().reading().fail('silent').granted();
    job.toLimiter.length = 0;
    job.fail('silent');
    expect(job.toLimiter).toEqual(['permitUsed', 'platformSaidStop', 'permitRequested']);
    job.tell({ type: 'permitDelayed', run: job.run, until: job.now + 60_000, what: 'cooldown' });
    expect(job.context.waitingFor).toMatchObject({ what: 'cooldown', until: job.now + 60_000 });
  });

  it('has its conversation left with the reason the third time, and the next one is read', () => {
    const job = new Job().reading();
    for (let silences = 0; silences < 3; silences++) job.fail('silent').granted();
    expect(job.notes).toEqual(['phone_silent']);
    expect(job.context.progress).toMatchObject({
      errors: [{ conversationId: CONVERSATION, reason: 'phone_silent', message: 'words', count: 1 }],
      parts: [{ part: 'messages', status: 'incomplete' }],
    });
    next(job).page({ ended: 'start_of_history' });
    expect(job.context).toMatchObject({ failures: 0, silences: 0 });
    job.tell({ type: 'nothingLeft', from: 3, passed: 1, errors: [] });
    expect([job.state, job.context.errorMessage]).toEqual(['completed', null]);
    expect(job.context.progress).toMatchObject({ errorCount: 1, parts: [{ status: 'incomplete' }] });
  });

  it('in one chat does not sink the others, however many chats there are between', () => {
    const job = new Job().reading();
    for (let chats = 0; chats < 10; chats++) {
      for (let silences = 0; silences < 3; silences++) job.fail('silent').granted();
      next(job).page({ ended: 'start_of_history' });
      job.tell({ type: 'walkChosen', walk: WALK, ...FOUND }).granted();
    }
    expect(job.state).toBe('running');
    expect(job.context.progress.errors).toMatchObject([{ reason: 'phone_silent', count: 10 }]);
  });

  it('that answers nothing at all ends the job after six requests, in words that say so and with what was fetched', () => {
    const job = new Job().reading();
    const counts = { fetched: 40, stored: 40, duplicates: 0, updated: 0, malformed: 0 };
    job.page({ counts }).granted();
    for (let silences = 0; silences < 3; silences++) job.fail('silent').granted();
    next(job);
    for (let silences = 0; silences < 3; silences++) job.fail('silent').granted();
    expect([job.state, job.context.errorMessage]).toEqual([
      'failed',
      'words It has not answered 6 requests in a row: what was fetched is kept, and the next sync goes on from there.',
    ]);
    expect(job.notes).toEqual(['phone_silent', 'phone_silent']);
    const { stored, errors } = job.context.progress;
    expect(stored).toBe(40);
    expect(errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ conversationId: OTHER, reason: 'phone_silent' })]),
    );
    expect(job.published.at(-1)).toBe('sync.failed');
    expect(job.context.permits).toEqual([]);
  });

  it('that answers nothing at all fails the messages of a job for everything, which completes and says so', () => {
    const job = new Job({ type: 'all' }).tell({ type: 'start', online: true }).granted();
    job.surveyed().granted().surveyed().granted().listed();
    for (let silences = 0; silences < 3; silences++) job.fail('silent').granted();
    next(job);
    for (let silences = 0; silences < 3; silences++) job.fail('silent').granted();
    expect([job.state, job.context.errorMessage]).toEqual(['completed', null]);
    expect(job.context.progress.parts).toMatchObject([
      { part: 'contacts', status: 'completed' },
      { part: 'groups', status: 'completed' },
      { part: 'messages', status: 'failed' },
    ]);
    expect(job.context.progress.errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ reason: 'messages_failed' })]),
    );
    expect(job.published.at(-1)).toBe('sync.completed');
  });

  it('is forgotten with the first answer', () => {
    const job = new Job().reading();
    for (let rounds = 0; rounds < 10; rounds++) {
      job.fail('silent').granted().fail('silent').granted();
      job.page().granted();
      expect(job.context).toMatchObject({ failures: 0, silences: 0 });
    }
    expect(job.notes).toEqual([]);
  });

  it('is no bad answer: what was silent twice and then answered badly is tried again as any other', () => {
    const job = new Job().reading().fail('silent').granted().fail('silent').granted().fail('unreachable');
    expect(job.context.waitingFor?.what).toBe('platform');
    expect(job.context.walk).not.toBeNull();
  });
});
