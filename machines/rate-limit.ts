import { assertEvent, type SnapshotFrom, setup } from 'xstate';
import type { ActorDefinition } from './actor-definition.ts';
import { EFFECTS } from './effects.ts';
import type { Moment } from './moment.ts';
import { caughtUp } from './permit-log.ts';
import {
  announceCooldown,
  enqueue,
  forfeit,
  giveAhead,
  giveBack,
  hasRoom,
  type Limits,
  type PermitKind,
  PROBES,
  RateLimitContext,
  roomDueAt,
  type Served,
  serve,
  unnamedCooldownMs,
  use,
  type Waiter,
  withoutWaiter,
} from './rate-limit-context.ts';

/*
 * The rate limiter of one instance: who may make the next platform request, and when.
 *
 * `normal`     permits at once, also one ahead of need, so that fetching and storing overlap.
 * `throttled`  a window is full, or we probe after a cooldown: a permit as soon as there is room, in order.
 * `cooldown`   the platform said stop: no permit until `cooldownUntil`.
 *
 * Invariants: no 60 s holds more than the limit and no 10 s more than a sixth of it, counting permits that
 * are out as used now; a cooldown never ends before the time that the platform named; everything persists, so a
 * restart forgets neither. A 429 for one conversation rests that conversation only (`resting`).
 *
 * What fails: nothing here. A job that dies with permits has them counted as used.
 */

export type RateLimitEvent = Moment &
  (
    | { type: 'permitRequested'; waiter: Waiter; ahead: boolean }
    | {
        type: 'permitUsed';
        job: string;
        kind: PermitKind;
        usedAt: number;
        succeeded: boolean;
        conversation: string | null;
      }
    | { type: 'permitsReturned'; job: string }
    | { type: 'permitsForfeited'; job: string }
    | { type: 'platformSaidStop'; retryAfterMs: number | null; usedAt: number }
    | { type: 'conversationSaidStop'; conversation: string; retryAfterMs: number | null }
    | { type: 'limitsChanged'; limits: Limits }
    | { type: 'timerDue' }
    | { type: 'restored' }
  );

const builder = setup({
  types: {
    context: {} as RateLimitContext,
    events: {} as RateLimitEvent,
    input: {} as { readonly limits: Limits },
  },
  actions: EFFECTS,
  guards: {
    isFull: ({ context, event }) => context.queue.length > 0 || !hasRoom(context, event.at),
    isAtEase: ({ context, event }) =>
      context.queue.length === 0 && context.probes === null && hasRoom(context, event.at),
    isOver: ({ context, event }) => context.cooldownUntil !== null && event.at >= context.cooldownUntil,
  },
});

/** Carries a decision out: its context, then what it tells the jobs. */
const carryOut = (decide: (context: RateLimitContext, event: RateLimitEvent) => Served) =>
  builder.enqueueActions(({ context, event, enqueue: enqueueAction }) => {
    const served = decide(context, event);
    enqueueAction.assign(served.context);
    for (const tell of served.tells) enqueueAction({ type: 'tell', params: tell });
  });

type Change = (context: RateLimitContext, event: RateLimitEvent) => RateLimitContext;

/** Applies a change, then serves whoever waits. */
const applyAndServe = (change: Change) => carryOut((context, event) => serve(change(context, event), event.at));

const holdBack = (context: RateLimitContext): Served => ({ context, tells: announceCooldown(context) });

/** Applies a change while nobody may be served. */
const applyAndHold = (change: Change) => carryOut((context, event) => holdBack(change(context, event)));

const countPermit = (context: RateLimitContext, event: RateLimitEvent): RateLimitContext => {
  assertEvent(event, 'permitUsed');
  const used = use(context, event.job, event.kind, event.usedAt);
  if (!event.succeeded) return used;
  const rested =
    event.conversation === null
      ? used.resting
      : Object.fromEntries(
          Object.entries(used.resting).filter(([conversation]) => conversation !== event.conversation),
        );
  const probes = used.probes === null ? null : used.probes + 1;
  const done = probes !== null && probes >= PROBES;
  return { ...used, resting: rested, probes: done ? null : probes, strikes: done ? 0 : used.strikes };
};

const givePermit = (context: RateLimitContext, event: RateLimitEvent): Served => {
  assertEvent(event, 'permitRequested');
  return event.ahead ? giveAhead(context, event.waiter, event.at) : serve(enqueue(context, event.waiter), event.at);
};

const lineUpWaiter = (context: RateLimitContext, event: RateLimitEvent): Served => {
  assertEvent(event, 'permitRequested');
  return holdBack(event.ahead ? context : enqueue(context, event.waiter));
};

const forfeitPermits = (context: RateLimitContext, event: RateLimitEvent): RateLimitContext => {
  assertEvent(event, 'permitsForfeited');
  return withoutWaiter(forfeit(context, event.job, event.at), event.job);
};

const takePermitsBack = (context: RateLimitContext, event: RateLimitEvent): RateLimitContext => {
  assertEvent(event, 'permitsReturned');
  return withoutWaiter(giveBack(context, event.job), event.job);
};

const changeLimits = (context: RateLimitContext, event: RateLimitEvent): RateLimitContext => {
  assertEvent(event, 'limitsChanged');
  return { ...context, limits: event.limits };
};

const beginAnew = (context: RateLimitContext, event: RateLimitEvent): RateLimitContext => {
  const { messages, contacts } = context.log;
  const log = { messages: caughtUp(messages, event.at), contacts: caughtUp(contacts, event.at) };
  return {
    ...forfeit({ ...context, log }, null, event.at),
    // The jobs ask again under new runs.
    queue: [],
  };
};

/** Whatever is out is called back and counted as used: after the platform said stop, nothing more may leave. */
const beginCooldown = (context: RateLimitContext, event: RateLimitEvent): Served => {
  assertEvent(event, 'platformSaidStop');
  const known = context.cooldownSince !== null && event.usedAt <= context.cooldownSince;
  const unnamed = known ? 0 : unnamedCooldownMs(context.strikes, event.random);
  const cooled: RateLimitContext = {
    ...forfeit(context, null, event.at),
    cooldownUntil: Math.max(event.at + (event.retryAfterMs ?? unnamed), context.cooldownUntil ?? 0),
    cooldownSince: known ? context.cooldownSince : event.at,
    strikes: event.retryAfterMs === null && !known ? context.strikes + 1 : context.strikes,
    probes: 0,
  };
  const holders = new Set(context.held.map((held) => held.job));
  const recalls = [...holders].map((job) => ({ to: job, event: { type: 'permitsRecalled' } }));
  return { context: cooled, tells: [...recalls, ...announceCooldown(cooled)] };
};

const restConversation = (context: RateLimitContext, event: RateLimitEvent): RateLimitContext => {
  assertEvent(event, 'conversationSaidStop');
  const before = context.resting[event.conversation];
  const strikes = before?.strikes ?? 0;
  const until = event.at + (event.retryAfterMs ?? unnamedCooldownMs(strikes, event.random));
  // What rested long ago and was never asked again says nothing any more.
  const resting = Object.fromEntries(
    Object.entries(context.resting).filter(([, { until: old }]) => old > event.at - 3_600_000),
  );
  return {
    ...context,
    resting: {
      ...resting,
      [event.conversation]: {
        until: Math.max(until, before?.until ?? 0),
        strikes: event.retryAfterMs === null ? strikes + 1 : strikes,
      },
    },
  };
};

const endCooldown = (context: RateLimitContext): RateLimitContext => ({ ...context, cooldownUntil: null });
const changeNothing = (context: RateLimitContext): RateLimitContext => context;

const reports = {
  permitUsed: { actions: applyAndServe(countPermit) },
  permitsReturned: { actions: applyAndServe(takePermitsBack) },
  permitsForfeited: { actions: applyAndServe(forfeitPermits) },
  conversationSaidStop: { actions: applyAndServe(restConversation) },
  limitsChanged: { actions: applyAndServe(changeLimits) },
  platformSaidStop: { target: 'cooldown', actions: carryOut(beginCooldown) },
  restored: { actions: applyAndServe(beginAnew) },
} as const;

export const rateLimitMachine = builder.createMachine({
  id: 'rate-limit',
  context: ({ input }) => ({
    limits: input.limits,
    log: { messages: [], contacts: [] },
    held: [],
    queue: [],
    cooldownUntil: null,
    cooldownSince: null,
    strikes: 0,
    probes: null,
    resting: {},
  }),
  initial: 'normal',
  states: {
    normal: {
      always: { guard: 'isFull', target: 'throttled' },
      on: { ...reports, permitRequested: { actions: carryOut(givePermit) } },
    },
    throttled: {
      always: { guard: 'isAtEase', target: 'normal' },
      on: {
        ...reports,
        permitRequested: { actions: carryOut(givePermit) },
        timerDue: { actions: applyAndServe(changeNothing) },
      },
    },
    cooldown: {
      // Only what is waited for: permits that were out when the cooldown began still report here.
      on: {
        permitUsed: { actions: applyAndHold(countPermit) },
        permitsReturned: { actions: applyAndHold(takePermitsBack) },
        permitsForfeited: { actions: applyAndHold(forfeitPermits) },
        conversationSaidStop: { actions: applyAndHold(restConversation) },
        limitsChanged: { actions: applyAndHold(changeLimits) },
        platformSaidStop: { actions: carryOut(beginCooldown) },
        restored: { actions: applyAndHold(beginAnew) },
        permitRequested: { actions: carryOut(lineUpWaiter) },
        timerDue: { guard: 'isOver', target: 'throttled', actions: applyAndServe(endCooldown) },
      },
    },
  },
});

export type RateLimitSnapshot = SnapshotFrom<typeof rateLimitMachine>;

export const rateLimitActor: ActorDefinition<typeof rateLimitMachine> = {
  id: 'rate-limit',
  version: 2,
  machine: rateLimitMachine,
  context: RateLimitContext,
  // Version 1 knew no limit on requests at one time.
  migrate: (context) => {
    const before = context as { readonly limits?: object };
    return { ...before, limits: { ...before.limits, atOnce: null } };
  },
  deadline: ({ context, value }) =>
    value === 'cooldown' ? context.cooldownUntil : value === 'throttled' ? roomDueAt(context) : null,
};
