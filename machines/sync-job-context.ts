import { Schema } from 'effect';
import { Anchor } from '../src/domain/anchor.ts';
import { ConversationId } from '../src/domain/ids.ts';
import { JobConfig, type JobError, Progress, WaitingFor } from '../src/domain/job.ts';
import { RestartLog } from './restart-policy.ts';

/** Where a stretch of a conversation ends: reached by a message older than `at`, or by the message `id` itself. */
export const Floor = Schema.Struct({ at: Schema.Number, id: Schema.NullOr(Schema.String) });
export type Floor = typeof Floor.Type;

/** Reading the list of conversations, request by request. */
export const ListingWalk = Schema.Struct({
  kind: Schema.Literal('listing'),
  run: Schema.String,
  /** What the channel gave with the last committed page; null at the start. */
  cursor: Schema.Unknown,
});
export type ListingWalk = typeof ListingWalk.Type;

/** Reading one stretch of one conversation downwards, page by page. */
export const MessageWalk = Schema.Struct({
  kind: Schema.Literal('messages'),
  run: Schema.String,
  conversationId: ConversationId,
  ordinal: Schema.Number,
  externalId: Schema.String,
  name: Schema.NullOr(Schema.String),
  /** The next page ends above this; null: the newest message. Moves down with each committed page. */
  before: Schema.NullOr(Anchor),
  /** Where this stretch began, for the share of time covered. Null: at the newest message. */
  top: Schema.NullOr(Anchor),
  /** The newest message that the platform named when this stretch was chosen; null: it named none. */
  newest: Schema.NullOr(Anchor),
  floor: Floor,
  /** The oldest instant that may be stored, ms. */
  since: Schema.Number,
  /** Oldest instant that can exist, for the share of time covered. */
  startsAt: Schema.Number,
});
export type MessageWalk = typeof MessageWalk.Type;

/** Reading contacts, or groups and their members, request by request. */
export const SurveyWalk = Schema.Struct({
  kind: Schema.Literal('survey'),
  of: Schema.Literals(['contacts', 'groups']),
  run: Schema.String,
  /** What the channel gave with the last committed page; null at the start. */
  cursor: Schema.Unknown,
  /** ms: what was stored since is not judged when the survey is over. */
  startedAt: Schema.Number,
});
export type SurveyWalk = typeof SurveyWalk.Type;

export const Walk = Schema.Union([ListingWalk, SurveyWalk, MessageWalk]);
export type Walk = typeof Walk.Type;

/** What a job is at: surveys of people, then the list of conversations, then what is in them. */
export const Stage = Schema.Literals(['contacts', 'groups', 'listing', 'reading']);
export type Stage = typeof Stage.Type;

export const SyncJobContext = Schema.Struct({
  jobId: Schema.String,
  config: JobConfig,
  stage: Stage,
  /** Conversations from this ordinal on are still to be read. */
  from: Schema.Number,
  /** Ordinals below `from` that were busy or resting and are to be read after all others. */
  deferred: Schema.Array(Schema.Number),
  walk: Schema.NullOr(Walk),
  /** Page sizes of the permits that are out, in the order in which pages will use them: at most two. */
  permits: Schema.Array(Schema.Number),
  /** Permits that the current run was given so far: the walk makes one request for each. */
  granted: Schema.Number,
  /** Bad answers in a row for the current page. */
  failures: Schema.Number,
  /** Tries in a row that found nobody at the other end. */
  unreachable: Schema.Number,
  /** Requests in a row, whatever they were for, that nobody answered in time. */
  silences: Schema.Number,
  online: Schema.Boolean,
  waitingFor: Schema.NullOr(WaitingFor),
  /** When to try again, ms; null when something else wakes the job. */
  retryAt: Schema.NullOr(Schema.Number),
  progress: Progress,
  startedAt: Schema.NullOr(Schema.Number),
  completedAt: Schema.NullOr(Schema.Number),
  publishedAt: Schema.Number,
  errorMessage: Schema.NullOr(Schema.String),
  /** Set by the decision that ends the job; the machine follows. */
  outcome: Schema.NullOr(Schema.Literals(['completed', 'failed', 'cancelled'])),
  restarts: RestartLog,
});
export type SyncJobContext = typeof SyncJobContext.Type;

/** Kinds of errors that are kept in detail; the count goes on. */
const ERRORS_KEPT = 50;

/** Adds an error, or raises the count of one that was seen before. */
export const withError = (progress: Progress, error: Omit<JobError, 'count'>, count = 1): Progress => {
  const index = progress.errors.findIndex(
    (other) => other.conversationId === error.conversationId && other.reason === error.reason,
  );
  const known = progress.errors[index];
  const errors =
    known !== undefined
      ? progress.errors.with(index, { ...known, message: error.message, count: known.count + count })
      : progress.errors.length < ERRORS_KEPT
        ? [...progress.errors, { ...error, count }]
        : progress.errors;
  return { ...progress, errors, errorCount: progress.errorCount + count };
};

/** The share of the current stretch that is behind us, 0 to 1. */
const shareOf = (walk: Walk | null, now: number): number => {
  if (walk?.kind !== 'messages' || walk.before === null) return 0;
  const top = walk.top?.at ?? now;
  const bottom = Math.max(walk.floor.at, walk.startsAt);
  return top <= bottom ? 0 : Math.min(1, Math.max(0, (top - walk.before.at) / (top - bottom)));
};

/** Null while conversations are still being listed. */
const totalOf = ({ conversationsTotal, conversationsDone }: Progress): number | null =>
  conversationsTotal === null ? null : Math.max(conversationsTotal, conversationsDone);

/** The share of all conversations that is behind us, 0 to 1. */
const shareDone = ({ progress, walk }: SyncJobContext, total: number, now: number): number =>
  total === 0 ? 1 : Math.min(1, (Math.min(total, progress.conversationsDone) + shareOf(walk, now)) / total);

/** Milliseconds to the end at the pace so far; null: nothing tells the pace yet. */
const etaOf = (share: number, elapsed: number): number | null =>
  share <= 0 || elapsed === 0 ? null : Math.round((elapsed * (1 - share)) / share);

/** Brings percent, rate and ETA up to `now`. */
export const withPace = (context: SyncJobContext, now: number): Progress => {
  const { progress, startedAt, walk } = context;
  const total = totalOf(progress);
  const elapsed = startedAt === null ? 0 : Math.max(1, now - startedAt);
  const share = total === null ? null : shareDone(context, total, now);
  return {
    ...progress,
    conversationsTotal: total,
    // Another stretch of a conversation may turn up: what was shown is not taken back.
    percent: share === null ? null : Math.max(progress.percent ?? 0, Math.floor(share * 1000) / 10),
    ratePerMinute: elapsed === 0 ? 0 : Math.round((progress.fetched * 60_000) / elapsed),
    etaMs: share === null ? null : etaOf(share, elapsed),
    current: walk?.kind === 'messages' ? (walk.name ?? walk.externalId) : null,
  };
};
