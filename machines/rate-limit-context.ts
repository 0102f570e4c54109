import { Schema } from 'effect';
import type { Tell } from './effects.ts';
import { nextRoomAt, PermitLog, record, room } from './permit-log.ts';

/** What a permit is for: message pages, or looking up members, channels, threads and groups. */
export const PermitKind = Schema.Literals(['messages', 'contacts']);
export type PermitKind = typeof PermitKind.Type;

export const Limits = Schema.Struct({
  messages: Schema.Number,
  contacts: Schema.Number,
  /** What one permit for messages pays for: a request, or a single message. */
  unit: Schema.Literals(['request', 'message']),
  /** Requests for messages that may be on their way at one time; null: as many as there are permits. */
  atOnce: Schema.NullOr(Schema.Number),
});
export type Limits = typeof Limits.Type;

const Waiter = Schema.Struct({
  job: Schema.String,
  run: Schema.String,
  kind: PermitKind,
  /** The most messages that the page may bring. */
  pageSize: Schema.Number,
  conversation: Schema.NullOr(Schema.String),
});
export type Waiter = typeof Waiter.Type;

export const RateLimitContext = Schema.Struct({
  limits: Limits,
  log: Schema.Struct({ messages: PermitLog, contacts: PermitLog }),
  /** Given and not yet reported used. A restore counts them as used that moment, since nobody can know. */
  held: Schema.Array(Schema.Struct({ job: Schema.String, kind: PermitKind, cost: Schema.Number })),
  queue: Schema.Array(Waiter),
  cooldownUntil: Schema.NullOr(Schema.Number),
  /** When the cooldown in force began: answers to requests from before it do not lengthen it. */
  cooldownSince: Schema.NullOr(Schema.Number),
  /** 429s in a row that named no time: the exponent of the next cooldown. */
  strikes: Schema.Number,
  /** Successes since the last cooldown while probing; null: not probing. */
  probes: Schema.NullOr(Schema.Number),
  /** Conversations that the platform wants left alone for a while. */
  resting: Schema.Record(Schema.String, Schema.Struct({ until: Schema.Number, strikes: Schema.Number })),
});
export type RateLimitContext = typeof RateLimitContext.Type;

/** Successes after a cooldown that lead back to normal. */
export const PROBES = 3;
const FIRST_COOLDOWN_MS = 60_000;
const MAX_COOLDOWN_MS = 3_600_000;
/** Jitter is upward only: a cooldown is never shorter than it says. */
const JITTER = 0.05;

/** A cooldown where the platform named no time: 60 s × 2ⁿ, at most an hour, jittered upward. */
export const unnamedCooldownMs = (strikes: number, random: number): number =>
  Math.ceil(Math.min(MAX_COOLDOWN_MS, FIRST_COOLDOWN_MS * 2 ** strikes) * (1 + JITTER * random));

const limitOf = (context: RateLimitContext, kind: PermitKind): number => context.limits[kind];

export const heldOf = (context: RateLimitContext, kind: PermitKind): number =>
  context.held.reduce((sum, held) => (held.kind === kind ? sum + held.cost : sum), 0);

/** Permits of a kind that could be given at `now`, were nobody waiting and no cooldown on. */
export const roomFor = (context: RateLimitContext, kind: PermitKind, now: number): number =>
  room(context.log[kind], heldOf(context, kind), limitOf(context, kind), now);

/** Whether the next request of a kind has to wait for the answer to one that is out. */
const isBusy = (context: RateLimitContext, kind: PermitKind): boolean =>
  kind === 'messages' &&
  context.limits.atOnce !== null &&
  context.held.filter((held) => held.kind === kind).length >= context.limits.atOnce;

const freeAt = (context: RateLimitContext, kind: PermitKind, now: number): number | null =>
  nextRoomAt(context.log[kind], heldOf(context, kind), limitOf(context, kind), now);

const KINDS = ['messages', 'contacts'] as const satisfies readonly PermitKind[];

export const hasRoom = (context: RateLimitContext, now: number): boolean =>
  KINDS.every((kind) => roomFor(context, kind, now) > 0);

/**
 * When a throttled limiter should look again: when the first waiter may be served, or, with nobody waiting,
 * when every window has room. Null when only a report can change anything.
 */
export const roomDueAt = (context: RateLimitContext): number | null => {
  if (context.probes !== null && (context.held.length > 0 || context.queue.length === 0)) return null;
  const now = Math.max(0, ...KINDS.map((kind) => context.log[kind].at(-1)?.[0] ?? 0));
  const waited = KINDS.filter((kind) => context.queue.some((waiter) => waiter.kind === kind));
  const looked = waited.length > 0 ? waited.filter((kind) => !isBusy(context, kind)) : KINDS;
  const instants = looked.map((kind) => freeAt(context, kind, now));
  const known = instants.filter((at) => at !== null);
  if (waited.length > 0) return known.length > 0 ? Math.min(...known) : null;
  return known.length === KINDS.length ? Math.max(...known) : null;
};

/** Moves a permit from held to used at `at`; a permit that is not held (a restore forgot it) is used all the same. */
export const use = (context: RateLimitContext, job: string, kind: PermitKind, at: number): RateLimitContext => {
  const index = context.held.findIndex((held) => held.job === job && held.kind === kind);
  const cost = context.held[index]?.cost ?? 1;
  return {
    ...context,
    held: index < 0 ? context.held : context.held.toSpliced(index, 1),
    log: { ...context.log, [kind]: record(context.log[kind], cost, limitOf(context, kind), at) },
  };
};

/** Counts every permit that a job (or, with null, anyone) still holds as used at `at`: it may have been. */
export const forfeit = (context: RateLimitContext, job: string | null, at: number): RateLimitContext =>
  context.held
    .filter((held) => job === null || held.job === job)
    .reduce((next, held) => use(next, held.job, held.kind, at), context);

/** Gives back permits that a job says it has not used and never will. */
export const giveBack = (context: RateLimitContext, job: string): RateLimitContext => ({
  ...context,
  held: context.held.filter((held) => held.job !== job),
});

export const withoutWaiter = (context: RateLimitContext, job: string): RateLimitContext => ({
  ...context,
  queue: context.queue.filter((waiter) => waiter.job !== job),
});

const costOf = (context: RateLimitContext, waiter: Waiter, now: number): number =>
  context.limits.unit === 'message' && waiter.kind === 'messages'
    ? Math.min(waiter.pageSize, roomFor(context, 'messages', now))
    : 1;

export interface Served {
  readonly context: RateLimitContext;
  readonly tells: readonly Tell[];
}

const toJob = (waiter: Waiter, type: string, data: Readonly<Record<string, unknown>>): Tell => ({
  to: waiter.job,
  event: { type, run: waiter.run, ...data },
});

const restingUntil = (context: RateLimitContext, waiter: Waiter, now: number): number | null => {
  const rest = waiter.conversation === null ? undefined : context.resting[waiter.conversation];
  return rest !== undefined && rest.until > now ? rest.until : null;
};

/** Gives one waiter its permit. While probing, one permit is out at a time. */
const give = (context: RateLimitContext, waiter: Waiter, now: number): Served | null => {
  if (context.probes !== null && context.held.length > 0) return null;
  if (isBusy(context, waiter.kind) || roomFor(context, waiter.kind, now) < 1) return null;
  const cost = costOf(context, waiter, now);
  const limit = context.limits.unit === 'message' && waiter.kind === 'messages' ? cost : waiter.pageSize;
  return {
    context: { ...context, held: [...context.held, { job: waiter.job, kind: waiter.kind, cost }] },
    tells: [toJob(waiter, 'permitGranted', { limit })],
  };
};

/** Serves the queue in order, as far as there is room; the two kinds do not wait for each other. */
export const serve = (context: RateLimitContext, now: number): Served => {
  let next = context;
  const tells: Tell[] = [];
  const waiting: Waiter[] = [];
  for (const waiter of context.queue) {
    const until = restingUntil(next, waiter, now);
    if (until !== null) {
      tells.push(toJob(waiter, 'conversationResting', { until }));
      continue;
    }
    const served = waiting.some((other) => other.kind === waiter.kind) ? null : give(next, waiter, now);
    if (served === null) {
      waiting.push(waiter);
    } else {
      next = served.context;
      tells.push(...served.tells);
    }
  }
  next = { ...next, queue: waiting };
  const delayed = waiting.map((waiter) =>
    toJob(waiter, 'permitDelayed', {
      until: isBusy(next, waiter.kind) ? null : freeAt(next, waiter.kind, now),
      what: 'permit',
    }),
  );
  return { context: next, tells: [...tells, ...delayed] };
};

/** A permit asked for ahead of need: given only when there is plenty, never queued. */
export const giveAhead = (context: RateLimitContext, waiter: Waiter, now: number): Served => {
  const none: Served = { context, tells: [] };
  if (context.queue.length > 0 || context.probes !== null || restingUntil(context, waiter, now) !== null) return none;
  return give(context, waiter, now) ?? none;
};

export const enqueue = (context: RateLimitContext, waiter: Waiter): RateLimitContext => ({
  ...context,
  queue: [...context.queue.filter((other) => other.job !== waiter.job), waiter],
});

/** Everyone in the queue learns until when nothing is given. */
export const announceCooldown = (context: RateLimitContext): readonly Tell[] =>
  context.queue.map((waiter) => toJob(waiter, 'permitDelayed', { until: context.cooldownUntil, what: 'cooldown' }));
