import { describe, expect, it } from 'vitest';
import { ConversationId } from '../../src/domain/ids.ts';
import { CONVERSATION, FOUND, Job, WALK } from './one-job.ts';

const KEPT = ConversationId.make('3f1e7c1a-0c7e-4d5e-9c39-6f1b9a2d4e14');
const THIRD = ConversationId.make('3f1e7c1a-0c7e-4d5e-9c39-6f1b9a2d4e15');
const COUNTS = { fetched: 30, stored: 20, duplicates: 5, updated: 4, malformed: 1 };
const LOST = { conversationId: null, externalId: null, reason: 'push_unreadable', message: 'words' };
const merged = { type: 'conversationMerged', gone: CONVERSATION, kept: KEPT } as const;

describe('what is pushed while a job runs', () => {
  it('counts in it, in the part of the messages', () => {
    const job = new Job().reading().tell({ type: 'pushStored', counts: COUNTS });
    expect(job.state).toBe('running');
    expect(job.context.progress).toMatchObject({
      ...COUNTS,
      pages: 0,
      parts: [{ part: 'messages', fetched: 30, stored: 20, duplicates: 5, updated: 4 }],
    });
  });

  it('counts while the job waits, and takes nothing from the page that is under way', () => {
    const job = new Job().tell({ type: 'start', online: false }).tell({ type: 'pushStored', counts: COUNTS });
    expect(job.state).toBe('waiting');
    job.tell({ type: 'connectionUp' }).granted().listed();
    const { run } = job;
    job.tell({ type: 'pushStored', counts: COUNTS }).page({ run, counts: COUNTS });
    expect(job.context.progress).toMatchObject({ fetched: 90, stored: 60, pages: 1 });
  });

  it('leaves its place to a survey that is under way', () => {
    const job = new Job({ type: 'all' }).tell({ type: 'start', online: true }).granted();
    job.tell({ type: 'pushStored', counts: COUNTS });
    expect(job.context).toMatchObject({ stage: 'contacts', walk: { kind: 'survey', of: 'contacts' } });
    expect(job.context.progress.parts).toMatchObject([{ stored: 0 }, { stored: 0 }, { stored: 20 }]);
  });

  it('and cannot be read is told, once for each, and stops nothing', () => {
    const job = new Job().reading();
    job.tell({ type: 'pushLost', error: LOST }).tell({ type: 'pushLost', error: LOST });
    expect(job.context.progress).toMatchObject({ errorCount: 2, errors: [{ reason: 'push_unreadable', count: 2 }] });
    job.page({ ended: 'start_of_history' }).tell({ type: 'nothingLeft', from: 2, passed: 1, errors: [] });
    expect(job.state).toBe('completed');
  });

  it('changes nothing of a job that is over', () => {
    const job = new Job().reading().page({ ended: 'start_of_history' });
    job.tell({ type: 'nothingLeft', from: 2, passed: 1, errors: [] });
    const before = job.context;
    job.tell({ type: 'pushStored', counts: COUNTS }).tell({ type: 'pushLost', error: LOST }).tell(merged);
    expect(job.context).toEqual(before);
  });
});

describe('two conversations that turn out to be one', () => {
  it('stop the walk of either, whose page is then dropped, and the spans tell where to go on', () => {
    for (const walked of [CONVERSATION, KEPT]) {
      const job = new Job().reading();
      const floor = { at: 1, id: '1' };
      job.page({ ended: 'start_of_history' });
      job.tell({ type: 'walkChosen', walk: { ...WALK, conversationId: walked, floor }, ...FOUND }).granted();
      const { run } = job;
      job.asks = 0;
      job.toLimiter.length = 0;
      job.tell(merged);
      expect([job.state, job.asks, job.context.walk]).toEqual(['waiting', 1, null]);
      expect(job.toLimiter).toEqual(['permitsForfeited']);
      const { progress } = job.context;
      job.page({ run, counts: COUNTS });
      expect(job.context.progress).toEqual(progress);
    }
  });

  it('leave the walk of a third alone', () => {
    const job = new Job().reading();
    const { snapshot } = job;
    job.tell({ ...merged, gone: THIRD });
    expect(job.context).toEqual(snapshot.context);
  });

  it('are read under the id that stays, if the job was narrowed to the one that is gone: also while it is paused', () => {
    const narrowed = (): Job => new Job({ conversationIds: [CONVERSATION, THIRD] }).reading();
    const wanted = [KEPT, THIRD].toSorted();
    expect(narrowed().tell(merged).context.config.conversationIds).toEqual(wanted);
    expect(narrowed().tell({ type: 'pause' }).tell(merged).context.config.conversationIds).toEqual(wanted);
    expect(narrowed().tell({ type: 'connectionDown' }).tell(merged).context.config.conversationIds).toEqual(wanted);
    const both = new Job({ conversationIds: [CONVERSATION, KEPT] }).reading().tell(merged);
    expect(both.context.config.conversationIds).toEqual([KEPT]);
  });

  it('are read once the job is resumed', () => {
    const job = new Job({ conversationIds: [CONVERSATION] }).reading().tell({ type: 'pause' }).tell(merged);
    expect([job.state, job.context.walk]).toEqual(['paused', null]);
    job.asks = 0;
    job.tell({ type: 'resume' });
    expect([job.state, job.asks]).toEqual(['waiting', 1]);
    job.tell({ type: 'walkChosen', walk: { ...WALK, conversationId: KEPT }, ...FOUND }).granted();
    expect(job.state).toBe('running');
  });

  it('wait for the connection like anything else', () => {
    const job = new Job().reading().tell({ type: 'connectionDown' });
    job.asks = 0;
    job.tell(merged);
    expect([job.context.waitingFor?.what, job.asks]).toEqual(['connection', 0]);
    job.tell({ type: 'connectionUp' });
    expect(job.asks).toBe(1);
  });
});
