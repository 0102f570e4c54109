import type { WorldEventName } from '../src/domain/event.ts';
import type { JobId } from '../src/domain/ids.ts';
import type { JobError, WaitingFor } from '../src/domain/job.ts';
import type { StopReason } from '../src/domain/stop-reason.ts';
import type { Ask, Note, Publish, Tell } from './effects.ts';
import type { PermitKind } from './rate-limit-context.ts';
import { type MessageWalk, type SyncJobContext, type Walk, withError } from './sync-job-context.ts';

export type JobEffect =
  | { readonly type: 'tell'; readonly params: Tell }
  | { readonly type: 'publish'; readonly params: Publish }
  | { readonly type: 'ask'; readonly params: Ask }
  | { readonly type: 'note'; readonly params: Note };

/** What a decision of a job comes to: its next context, and what to do about it. */
export interface Decision {
  readonly context: SyncJobContext;
  readonly effects: readonly JobEffect[];
}

/** No channel gives more than this in one page; the channel's own page size caps it further. */
const PAGE_SIZE = 100;

export const decided = (context: SyncJobContext, ...effects: readonly JobEffect[]): Decision => ({ context, effects });

export const andThen = (first: Decision, next: (context: SyncJobContext) => Decision): Decision => {
  const second = next(first.context);
  return { context: second.context, effects: [...first.effects, ...second.effects] };
};

export const tellLimiter = (context: SyncJobContext, event: Tell['event']): JobEffect => ({
  type: 'tell',
  params: { to: 'rate-limit', event: { job: context.jobId, ...event } },
});

/** Other jobs may have waited for the conversation that this one no longer reads. */
export const FREED: JobEffect = { type: 'tell', params: { to: 'jobs', event: { type: 'conversationFreed' } } };

/** Which stretch comes next? Answered by the database within the same step. */
export const ASK_NEXT: JobEffect = { type: 'ask', params: { question: 'nextWalk' } };

export const noteOf = (walk: MessageWalk, stopReason: StopReason, unreadable: string | null = null): JobEffect => ({
  type: 'note',
  params: { conversationId: walk.conversationId, stopReason, unreadable },
});

export const publish = (
  context: SyncJobContext,
  name: WorldEventName,
  data: Readonly<Record<string, unknown>> = {},
): JobEffect => {
  const { config, progress, waitingFor } = context;
  return {
    type: 'publish',
    params: { name, jobId: context.jobId as JobId, data: { type: config.type, progress, waitingFor, ...data } },
  };
};

export const wait = (
  context: SyncJobContext,
  what: WaitingFor['what'],
  until: number | null,
  detail: string,
): SyncJobContext => ({ ...context, waitingFor: { what, until, detail } });

export const permitKindOf = (walk: Walk): PermitKind => (walk.kind === 'messages' ? 'messages' : 'contacts');
export const conversationOf = (walk: Walk): string | null => (walk.kind === 'messages' ? walk.conversationId : null);

/** Asks for the permit of the next page, and waits for it. */
export const requestPermit = (context: SyncJobContext): Decision =>
  decided(wait(context, 'permit', null, 'The rate limiter has been asked.'), ...permitRequest(context, false));

/** Asks for a permit ahead of need, so that fetching overlaps storing; what is not granted is not waited for. */
export const requestPermitAhead = (context: SyncJobContext): Decision =>
  decided(context, ...permitRequest(context, true));

const permitRequest = (context: SyncJobContext, ahead: boolean): readonly JobEffect[] => {
  const { walk } = context;
  if (walk === null) return [];
  const kind = permitKindOf(walk);
  const waiter = { job: context.jobId, run: walk.run, kind, pageSize: PAGE_SIZE, conversation: conversationOf(walk) };
  return [tellLimiter(context, { type: 'permitRequested', waiter, ahead })];
};

export const withErrors = (context: SyncJobContext, errors: readonly Omit<JobError, 'count'>[]): SyncJobContext => ({
  ...context,
  progress: errors.reduce((progress, error) => withError(progress, error), context.progress),
});
