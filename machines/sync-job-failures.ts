import type { Moment } from './moment.ts';
import type { SyncJobContext, Walk } from './sync-job-context.ts';
import {
  ASK_NEXT,
  andThen,
  type Decision,
  decided,
  noteOf,
  tellLimiter,
  wait,
  withErrors,
} from './sync-job-decision.ts';
import type { WalkNews } from './sync-job-events.ts';
import { returnPermits, usePermit } from './sync-job-permits.ts';
import { giveUpPart, goOn, markIncomplete } from './sync-job-stages.ts';
import { leaveBehind } from './sync-job-walks.ts';

/** The decisions about a platform request that brought nothing. */

/** Bad answers in a row after which a conversation is given up for this job. */
export const MAX_FAILURES = 5;
const MAX_BACKOFF_MS = 60_000;

const retryLater = (context: SyncJobContext, moment: Moment, tries: number, detail: string): Decision => {
  const backoff = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** Math.min(tries, 6));
  const retryAt = Math.ceil(moment.at + backoff * (1 + 0.25 * moment.random));
  return decided({ ...wait(context, 'platform', retryAt, detail), retryAt });
};

/** The list stays as far as it came: what is known is read, and the job says what it could not list. */
const giveUpListing = (context: SyncJobContext, moment: Moment, message: string): Decision => {
  if (context.stage !== 'listing') return giveUpPart(context, moment, message);
  const error = { conversationId: null, externalId: null, reason: 'listing_failed', message };
  const next = withErrors(markIncomplete({ ...context, stage: 'reading', walk: null, failures: 0 }), [error]);
  return decided(next, ASK_NEXT);
};

export const failPage = (
  context: SyncJobContext,
  event: Moment & Extract<WalkNews, { type: 'pageFailed' }>,
): Decision =>
  andThen(andThen(usePermit(context, event.usedAt, false), returnPermits), (next) => {
    const { failure } = event;
    const { walk } = next;
    if (walk === null) return decided(next);
    switch (failure.kind) {
      case 'rateLimited':
        // The limiter was told before us: asking again makes it answer until when to wait.
        return goOn(next, event);
      case 'accessDenied':
        return walk.kind === 'messages'
          ? leaveBehind(next, walk, 'no_access', failure.message)
          : giveUpListing(next, event, failure.message);
      case 'unreachable':
        return retryLater({ ...next, unreachable: next.unreachable + 1 }, event, next.unreachable, failure.message);
      case 'noAnchor':
        return walk.kind === 'messages'
          ? leaveBehind(next, walk, 'no_anchor', failure.message)
          : giveUpListing(next, event, failure.message);
      case 'silent':
        return hearNothing(next, walk, event, failure.message);
      case 'badAnswer':
        return badAnswer({ ...next, failures: next.failures + 1 }, event, failure.message);
    }
  });

const badAnswer = (context: SyncJobContext, moment: Moment, message: string): Decision => {
  const { walk } = context;
  if (context.failures < MAX_FAILURES) return retryLater(context, moment, context.failures - 1, message);
  return walk?.kind === 'messages'
    ? leaveBehind(context, walk, 'platform_error', message)
    : giveUpListing(context, moment, message);
};

/** Requests for one conversation that nobody answers, each from another message, before it is left. */
const SILENCES_TOLD = 3;
/** Requests in a row that nobody answers before the job says so and ends: there is nobody there. */
const MOST_SILENCES = 6;

/**
 * Nobody answers. First another message may be known where this one was not; then the platform gets a pause, since it
 * may have dropped what came too fast; then the conversation is left with its reason, for a later job to complete.
 */
const hearNothing = (context: SyncJobContext, walk: Walk, moment: Moment, message: string): Decision => {
  const next: SyncJobContext = { ...context, failures: context.failures + 1, silences: context.silences + 1 };
  const pause = tellLimiter(next, { type: 'platformSaidStop', retryAfterMs: null, usedAt: moment.at });
  const effects = next.failures === 1 ? [] : [pause];
  if (next.silences >= MOST_SILENCES) return giveUpOnPhone(next, walk, moment, message);
  if (next.failures < SILENCES_TOLD) return andThen(decided(next, ...effects), (after) => goOn(after, moment));
  return walk.kind === 'messages'
    ? leaveBehind(next, walk, 'phone_silent', message)
    : giveUpListing(next, moment, message);
};

/** There is nobody there. What this part of the job has left to do is for the next one. */
const giveUpOnPhone = (context: SyncJobContext, walk: Walk, moment: Moment, message: string): Decision => {
  const note = walk.kind === 'messages' ? [noteOf(walk, 'phone_silent')] : [];
  const error = {
    conversationId: walk.kind === 'messages' ? walk.conversationId : null,
    externalId: walk.kind === 'messages' ? walk.externalId : null,
    reason: 'phone_silent',
    message,
  };
  const told = `${message} It has not answered ${context.silences} requests in a row: what was fetched is kept, and the next sync goes on from there.`;
  return andThen(decided(withErrors(context, [error]), ...note), (next) => giveUpPart(next, moment, told));
};
