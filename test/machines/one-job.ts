import { expect } from 'vitest';
import { initialTransition, transition } from 'xstate';
import type { Note, Publish, Tell } from '../../machines/effects.ts';
import { newSyncJob, type SyncJobSnapshot, syncJobMachine } from '../../machines/sync-job.ts';
import type { MessageWalk, SyncJobContext } from '../../machines/sync-job-context.ts';
import type { PageFailure, SyncJobEvent } from '../../machines/sync-job-events.ts';
import { ConversationId, JobId } from '../../src/domain/ids.ts';
import type { JobConfig } from '../../src/domain/job.ts';
import { jobConfig } from '../harness/job-config.ts';

export type EventData = SyncJobEvent extends infer Event
  ? Event extends SyncJobEvent
    ? Omit<Event, 'at' | 'random' | 'fresh'>
    : never
  : never;

const JOB = JobId.make('3f1e7c1a-0c7e-4d5e-9c39-6f1b9a2d4e11');
export const CONVERSATION = ConversationId.make('3f1e7c1a-0c7e-4d5e-9c39-6f1b9a2d4e12');

export const WALK: Omit<MessageWalk, 'run'> = {
  kind: 'messages',
  conversationId: CONVERSATION,
  ordinal: 1,
  externalId: '1',
  name: 'general',
  before: null,
  top: null,
  newest: null,
  floor: { at: 0, id: null },
  since: 0,
  startsAt: 0,
};
export const FOUND = { from: 1, deferred: [], passed: 0, errors: [] };
export const NO_COUNTS = { fetched: 0, stored: 0, duplicates: 0, updated: 0, malformed: 0 };

/** One job on a clock of its own, with what it told the limiter and the world. */
export class Job {
  snapshot: SyncJobSnapshot;
  now = 1_000_000;
  readonly toLimiter: string[] = [];
  /** Stop reasons that it noted, in order. */
  readonly notes: (string | null)[] = [];
  readonly published: string[] = [];
  asks = 0;
  #fresh = 0;

  constructor(config: Partial<JobConfig> = {}) {
    [this.snapshot] = initialTransition(syncJobMachine, newSyncJob(JOB, jobConfig(config)));
  }

  get state(): string {
    return this.snapshot.value;
  }

  get context(): SyncJobContext {
    return this.snapshot.context;
  }

  get run(): string {
    return this.context.walk?.run ?? 'none';
  }

  /** `run` is that of events that carry one without naming it. */
  tell(data: EventData, run = ''): this {
    const named = 'run' in data && data.run === '' ? { ...data, run } : data;
    const event = { ...named, at: this.now, random: 0, fresh: `run-${this.#fresh++}` } as SyncJobEvent;
    const [next, actions] = transition(syncJobMachine, this.snapshot, event);
    expect(next.status, `${data.type} in ${this.state}`).not.toBe('error');
    this.snapshot = next;
    for (const { type, params } of actions as readonly { readonly type: string; readonly params?: unknown }[]) {
      if (type === 'ask') this.asks++;
      if (type === 'note') this.notes.push((params as Note).stopReason);
      if (type === 'publish') this.published.push((params as Publish).name);
      if (type === 'tell' && (params as Tell).to === 'rate-limit') this.toLimiter.push((params as Tell).event.type);
    }
    return this;
  }

  granted(): this {
    return this.tell({ type: 'permitGranted', run: this.run, limit: 100 });
  }

  /** Up to the first page of messages, with two permits. */
  reading(): this {
    return this.tell({ type: 'start', online: true }).granted().listed();
  }

  /** The list of conversations came; the first of them is walked, with two permits. */
  listed(): this {
    const listed = { nextCursor: null, total: 1, errors: [], pausedUntil: null, usedAt: this.now };
    this.tell({ type: 'listingStored', run: this.run, ...listed }).tell({ type: 'walkChosen', walk: WALK, ...FOUND });
    for (const _ of [1, 2]) this.granted();
    this.toLimiter.length = 0;
    return this;
  }

  page(more: Partial<Extract<EventData, { type: 'pageStored' }>> = {}): this {
    const before = { at: 5, id: '5' };
    const stored = { counts: NO_COUNTS, errors: [], before, ended: null, pausedUntil: null, usedAt: this.now };
    return this.tell({ type: 'pageStored', run: this.run, ...stored, ...more });
  }

  fail(kind: PageFailure['kind']): this {
    return this.tell({ type: 'pageFailed', run: this.run, failure: { kind, message: 'words' }, usedAt: this.now });
  }

  /** A survey of people answers with its last page. */
  surveyed(more: Partial<Extract<EventData, { type: 'surveyStored' }>> = {}): this {
    const stored = { counts: NO_COUNTS, gone: 0, nextCursor: null, errors: [], pausedUntil: null, usedAt: this.now };
    return this.tell({ type: 'surveyStored', run: this.run, ...stored, ...more });
  }
}
