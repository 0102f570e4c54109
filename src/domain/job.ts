import { Schema } from 'effect';
import { SyncDepth } from './depth.ts';
import { ConversationId, ExternalId, InstanceId, JobId } from './ids.ts';
import { toIso } from './instant.ts';

export const JobType = Schema.Literals(['messages', 'contacts', 'groups', 'all']);
export type JobType = typeof JobType.Type;

export const JobStatus = Schema.Literals([
  'pending',
  'waiting',
  'running',
  'paused',
  'completed',
  'failed',
  'cancelled',
]);
export type JobStatus = typeof JobStatus.Type;

/** The statuses in which a job still holds its scope against a second one. */
export const ACTIVE_STATUSES = ['pending', 'waiting', 'running', 'paused'] as const satisfies readonly JobStatus[];

/** Whether a job is still to do something; what is over never becomes active again. */
export const isActive = (status: JobStatus): boolean => ACTIVE_STATUSES.some((active) => active === status);

/** What a job was asked to do, with every default filled in when the command was accepted. */
export const JobConfig = Schema.Struct({
  type: JobType,
  depth: Schema.NullOr(SyncDepth),
  /** Oldest instant asked for, ms, inclusive; 0 means all time. */
  since: Schema.Number,
  /** Newest instant asked for, ms, inclusive; null means up to now. */
  until: Schema.NullOr(Schema.Number),
  /** A single Discord channel or WhatsApp chat (and its threads), by the platform's id; null: no narrowing. */
  channelId: Schema.NullOr(ExternalId),
  /** Conversations by our own id; null: no narrowing. */
  conversationIds: Schema.NullOr(Schema.Array(ConversationId)),
  /** Read again what is already held, for edits made while we were away. */
  refresh: Schema.Boolean,
});
export type JobConfig = typeof JobConfig.Type;

/** Everything there is: contacts and groups have neither depth nor scope. */
export const wholeConfigOf = (type: 'contacts' | 'groups'): JobConfig => ({
  type,
  depth: null,
  since: 0,
  until: null,
  channelId: null,
  conversationIds: null,
  refresh: false,
});

/** What a job waits for; `until` in ms where an instant is known. */
export const WaitingFor = Schema.Struct({
  what: Schema.Literals(['connection', 'permit', 'cooldown', 'walk', 'platform', 'restart']),
  until: Schema.NullOr(Schema.Number),
  /** In words, for people: which job, which conversation, which limit. */
  detail: Schema.String,
});
export type WaitingFor = typeof WaitingFor.Type;

/** A job's config as the API shows it, with instants in ISO 8601. */
export const JobConfigView = Schema.Struct({
  ...JobConfig.fields,
  since: Schema.NullOr(Schema.String).annotate({ description: 'The oldest instant asked for; null: all time.' }),
  until: Schema.NullOr(Schema.String).annotate({ description: 'The newest instant asked for; null: up to now.' }),
});
export type JobConfigView = typeof JobConfigView.Type;

export const configViewOf = (config: JobConfig): JobConfigView => ({
  ...config,
  since: config.since === 0 ? null : toIso(config.since),
  until: config.until === null ? null : toIso(config.until),
});

/** What a job waits for as the API shows it: `until` in ISO 8601. */
export const WaitingForView = Schema.Struct({ ...WaitingFor.fields, until: Schema.NullOr(Schema.String) });
export type WaitingForView = typeof WaitingForView.Type;

export const waitingForViewOf = (waitingFor: WaitingFor): WaitingForView => ({
  ...waitingFor,
  until: waitingFor.until === null ? null : toIso(waitingFor.until),
});

export const JobError = Schema.Struct({
  conversationId: Schema.NullOr(Schema.String),
  externalId: Schema.NullOr(Schema.String),
  reason: Schema.String,
  message: Schema.String,
  count: Schema.Number,
});
export type JobError = typeof JobError.Type;

/** What a job works through, one after another. `all` has every part. */
export const JobPart = Schema.Literals(['contacts', 'groups', 'messages']);
export type JobPart = typeof JobPart.Type;

/** The parts of a job of each type, in order. */
export const PARTS: { readonly [T in JobType]: readonly JobPart[] } = {
  contacts: ['contacts'],
  groups: ['groups'],
  messages: ['messages'],
  all: ['contacts', 'groups', 'messages'],
};

/** How far one part has come. `incomplete`: over, and something of it could not be read; the job's errors say what. */
export const PartProgress = Schema.Struct({
  part: JobPart,
  status: Schema.Literals(['pending', 'running', 'completed', 'incomplete', 'failed']),
  fetched: Schema.Number,
  stored: Schema.Number,
  duplicates: Schema.Number,
  updated: Schema.Number,
  /** Contacts, groups or members that are not there any more, and were marked. */
  gone: Schema.Number,
});
export type PartProgress = typeof PartProgress.Type;

/** Honest figures, over all parts: fetched = stored + duplicates + updated + malformed. */
export const Progress = Schema.Struct({
  fetched: Schema.Number,
  stored: Schema.Number,
  duplicates: Schema.Number,
  updated: Schema.Number,
  malformed: Schema.Number,
  parts: Schema.Array(PartProgress),
  /**
   * Platform requests whose answers were committed: of message pages, and of listing conversations, contacts or groups.
   */
  pages: Schema.Number,
  listingRequests: Schema.Number,
  conversationsDone: Schema.Number,
  conversationsTotal: Schema.NullOr(Schema.Number),
  /** 0 to 100 by time covered; null while conversations are still being listed. */
  percent: Schema.NullOr(Schema.Number),
  /** Messages per minute since the job first ran. */
  ratePerMinute: Schema.Number,
  /** Milliseconds to the end at the pace so far; null while unknown. */
  etaMs: Schema.NullOr(Schema.Number),
  /** The conversation that is being read now. */
  current: Schema.NullOr(Schema.String),
  /** What went wrong without sinking the job: how often in all, and the first 50 kinds in detail. */
  errorCount: Schema.Number,
  errors: Schema.Array(JobError),
});
export type Progress = typeof Progress.Type;

const NOTHING_YET = { status: 'pending', fetched: 0, stored: 0, duplicates: 0, updated: 0, gone: 0 } as const;

/** The progress of a job of this type that has not begun. */
export const progressOf = (type: JobType): Progress => ({
  ...NO_PROGRESS,
  parts: PARTS[type].map((part) => ({ part, ...NOTHING_YET })),
});

/** A job of which nothing is known. */
export const NO_PROGRESS: Progress = {
  fetched: 0,
  stored: 0,
  duplicates: 0,
  updated: 0,
  malformed: 0,
  parts: [],
  pages: 0,
  listingRequests: 0,
  conversationsDone: 0,
  conversationsTotal: null,
  percent: null,
  ratePerMinute: 0,
  etaMs: null,
  current: null,
  errorCount: 0,
  errors: [],
};

/** A job as the API shows it. Times in ISO 8601. */
export const JobView = Schema.Struct({
  jobId: JobId,
  instanceId: InstanceId,
  type: JobType,
  status: JobStatus,
  config: JobConfigView,
  progress: Progress,
  waitingFor: Schema.NullOr(WaitingForView),
  errorMessage: Schema.NullOr(Schema.String),
  createdAt: Schema.String,
  startedAt: Schema.NullOr(Schema.String),
  completedAt: Schema.NullOr(Schema.String),
});
export type JobView = typeof JobView.Type;
