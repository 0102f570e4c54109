import { initialTransition, transition } from 'xstate';
import type { Tell } from '../../machines/effects.ts';
import { burstOf, MINUTE_MS } from '../../machines/permit-log.ts';
import {
  type RateLimitEvent,
  type RateLimitSnapshot,
  rateLimitActor,
  rateLimitMachine,
} from '../../machines/rate-limit.ts';
import { heldOf, type Limits, type PermitKind, PROBES } from '../../machines/rate-limit-context.ts';
import { SnapshotUnusable } from '../../src/domain/errors.ts';
import type { InstanceId } from '../../src/domain/ids.ts';
import { restoreActors } from '../../src/runtime/step/restore.ts';

type EventData = RateLimitEvent extends infer Event
  ? Event extends RateLimitEvent
    ? Omit<Event, 'at' | 'random' | 'fresh'>
    : never
  : never;

/** A permit that a job holds and has not told of. */
export interface Outstanding {
  readonly job: string;
  readonly kind: PermitKind;
  readonly cost: number;
  readonly grantedAt: number;
}

interface Use {
  readonly at: number;
  readonly kind: PermitKind;
  readonly cost: number;
}

const START = Date.UTC(2026, 0, 1);
const KINDS = ['messages', 'contacts'] as const;

class Broken extends Error {}

const claim = (holds: boolean, what: string): void => {
  if (!holds) throw new Broken(what);
};

/**
 * A limiter, its clock, and the truth about every permit: what may be said of the machine is checked after each
 * event, by somebody who counts for himself.
 */
export class LimiterWorld {
  snapshot: RateLimitSnapshot;
  now = START;
  /** What the jobs hold. */
  outstanding: Outstanding[] = [];
  /** Recalled by a cooldown while their requests were under way: they may still answer. */
  recalled: Outstanding[] = [];
  readonly told: Tell[] = [];
  /** Requests as they really left. */
  readonly uses: Use[] = [];
  readonly grants: { readonly at: number; readonly job: string }[] = [];
  #random = 0;
  #runs = 0;
  #successes: number | null = null;

  constructor(limits: Limits) {
    [this.snapshot] = initialTransition(rateLimitMachine, { limits });
  }

  get context() {
    return this.snapshot.context;
  }

  get deadline(): number | null {
    return rateLimitActor.deadline(this.snapshot);
  }

  get isProbing(): boolean {
    return this.#successes !== null;
  }

  chance(random: number): void {
    this.#random = random;
  }

  tell(data: EventData): readonly Tell[] {
    const event = { ...data, at: this.now, random: this.#random, fresh: `run-${this.#runs++}` } as RateLimitEvent;
    const [next, actions] = transition(rateLimitMachine, this.snapshot, event);
    claim(next.status === 'active', `the machine ended: ${String(next.error)}`);
    this.snapshot = next;
    const tells = (actions as readonly { readonly type: string; readonly params: unknown }[]).map(
      ({ params }) => params as Tell,
    );
    this.told.push(...tells);
    for (const { to, event: answer } of tells) if (answer.type === 'permitGranted') this.#granted(to);
    this.#check();
    return tells;
  }

  request(job: string, kind: PermitKind, ahead = false, conversation: string | null = null): readonly Tell[] {
    const waiter = { job, run: `${job}-run`, kind, pageSize: 100, conversation };
    return this.tell({ type: 'permitRequested', waiter, ahead });
  }

  /** A permit is used `agoMs` before it is told of, never before it was given. */
  use(permit: Outstanding, succeeded: boolean, agoMs = 0): void {
    const { job, kind } = permit;
    const usedAt = Math.max(permit.grantedAt, this.now - agoMs);
    this.#left(permit, usedAt);
    if (succeeded && this.#successes !== null) this.#successes++;
    if (this.#successes !== null && this.#successes >= PROBES) this.#successes = null;
    this.tell({ type: 'permitUsed', job, kind, usedAt, succeeded, conversation: null });
  }

  /** The platform refuses the request of a permit. */
  refuse(permit: Outstanding, retryAfterMs: number | null, agoMs = 0): void {
    const usedAt = Math.max(permit.grantedAt, this.now - agoMs);
    this.recalled = this.outstanding.filter((other) => other !== permit);
    for (const other of this.outstanding) this.#left(other, other === permit ? usedAt : this.now);
    this.#successes = 0;
    this.tell({ type: 'platformSaidStop', retryAfterMs, usedAt });
  }

  /** A request that was under way when a cooldown began is refused too. */
  refuseLate(retryAfterMs: number | null): void {
    const [late, ...others] = this.recalled;
    if (late === undefined) return;
    this.recalled = [...others, ...this.outstanding];
    for (const permit of this.outstanding) this.#left(permit, this.now);
    this.#successes = 0;
    this.tell({ type: 'platformSaidStop', retryAfterMs, usedAt: late.grantedAt });
  }

  giveBack(job: string): void {
    this.outstanding = this.outstanding.filter((permit) => permit.job !== job);
    this.tell({ type: 'permitsReturned', job });
  }

  forfeit(job: string): void {
    for (const permit of this.outstanding.filter((other) => other.job === job)) this.#left(permit, this.now);
    this.tell({ type: 'permitsForfeited', job });
  }

  /** Through JSON and back, as a restart does it. */
  restart(): void {
    const { context, value } = this.snapshot;
    const stored = JSON.parse(
      JSON.stringify({ machine: rateLimitActor.id, version: rateLimitActor.version, value, context }),
    );
    const rows = {
      id: 'instance' as InstanceId,
      name: '',
      channel: 'discord' as const,
      partition: 0,
      lastSeq: 0,
      actors: new Map([['rate-limit', stored]]),
      jobs: [],
    };
    const restored = restoreActors(rows, { messages: 1, contacts: 1, unit: 'request', atOnce: null }).actors.limiter;
    if (restored.value !== value)
      throw new SnapshotUnusable({ actor: 'rate-limit', message: `${restored.value} is not ${value}` });
    this.snapshot = restored;
    for (const permit of [...this.outstanding]) this.#left(permit, this.now);
    this.tell({ type: 'restored' });
  }

  /** Lets time pass, and tells the machine whenever it wants to be told. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (let due = this.deadline; due !== null && due <= until; due = this.deadline) {
      this.now = Math.max(this.now, due);
      this.tell({ type: 'timerDue' });
      const next = this.deadline;
      claim(next === null || next > this.now, `a hot loop: at ${this.now} it wants to be told at ${next}`);
    }
    this.now = until;
  }

  /** The most permits used in any half-open window. */
  most(kind: PermitKind, windowMs: number): number {
    const uses = this.uses.filter((use) => use.kind === kind).sort((a, b) => a.at - b.at);
    const sums = uses.map(({ at }) =>
      uses.filter((use) => use.at >= at && use.at < at + windowMs).reduce((sum, { cost }) => sum + cost, 0),
    );
    return Math.max(0, ...sums);
  }

  #left(permit: Outstanding, at: number): void {
    this.outstanding = this.outstanding.filter((other) => other !== permit);
    this.uses.push({ at, kind: permit.kind, cost: permit.cost });
  }

  #granted(job: string): void {
    const mine = this.outstanding.filter((permit) => permit.job === job).length;
    const held = this.context.held.filter((permit) => permit.job === job)[mine];
    if (held === undefined) throw new Broken(`${job} was given a permit that the limiter does not hold`);
    this.outstanding.push({ ...held, grantedAt: this.now });
    this.grants.push({ at: this.now, job });
    const { cooldownUntil } = this.context;
    claim(this.snapshot.value !== 'cooldown', `a permit during a cooldown until ${cooldownUntil}`);
    claim(!this.isProbing || this.outstanding.length === 1, 'two probes at a time');
    for (const kind of KINDS) this.#checkWindows(kind);
  }

  #inUse(kind: PermitKind, windowMs: number): number {
    const used = this.uses.filter((use) => use.kind === kind && use.at > this.now - windowMs);
    const held = this.outstanding.filter((permit) => permit.kind === kind);
    return [...used, ...held].reduce((sum, { cost }) => sum + cost, 0);
  }

  /** Only what was just given counts: a limit that was lowered finds more in use than it would allow. */
  #checkWindows(kind: PermitKind): void {
    if (this.outstanding.at(-1)?.kind !== kind) return;
    const limit = this.context.limits[kind];
    claim(
      this.#inUse(kind, MINUTE_MS) <= limit,
      `${this.#inUse(kind, MINUTE_MS)} ${kind} in a minute, ${limit} allowed`,
    );
    const burst = burstOf(limit);
    claim(this.#inUse(kind, 10_000) <= burst, `${this.#inUse(kind, 10_000)} ${kind} in 10 s, ${burst} allowed`);
  }

  #check(): void {
    for (const kind of KINDS) {
      const known = this.outstanding.filter((permit) => permit.kind === kind).reduce((sum, { cost }) => sum + cost, 0);
      claim(
        heldOf(this.context, kind) === known,
        `the limiter holds ${heldOf(this.context, kind)} ${kind}, the jobs ${known}`,
      );
    }
    const waits = this.context.queue.length > 0;
    claim(
      !waits || this.deadline !== null || this.outstanding.length > 0,
      'somebody waits, and nothing will wake the limiter',
    );
    claim(this.context.probes === null || this.isProbing, 'it probes for ever');
  }
}
