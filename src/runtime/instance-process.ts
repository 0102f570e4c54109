import { Cause, Clock, Effect, Exit, Option, Queue, Schedule } from 'effect';
import type { Limits } from '../../machines/rate-limit-context.ts';
import type { Channel, Credentials } from '../channels/channel.ts';
import type { ChannelName } from '../domain/channel-name.ts';
import type { Letter } from '../domain/command.ts';
import {
  type Contention,
  type Fenced,
  type Refused,
  SnapshotUnusable,
  type StoreUnavailable,
} from '../domain/errors.ts';
import type { InstanceId, JobId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Metrics } from '../domain/metrics.ts';
import { Activities } from './activities.ts';
import type { Fence } from './fence.ts';
import { type InstanceActors, isFinished, withoutJobs } from './instance-actors.ts';
import { measureStep } from './measure-step.ts';
import { RequestGate } from './request-gate.ts';
import { restoreActors } from './restore.ts';
import { type Chance, type StepInput, takeStep } from './step.ts';
import type { RuntimeStore, StepTransaction, StoredInstance } from './store.ts';
import { Trace } from './trace.ts';
import type { InstanceWork, Mail, WorkFactory } from './work.ts';

/** What all instances of a node share. */
export interface ProcessSetting<Tx extends StepTransaction> {
  readonly store: RuntimeStore<Tx>;
  readonly work: WorkFactory<Tx>;
  /** Null for a channel that this build cannot connect to. */
  readonly channel: (name: ChannelName) => Channel | null;
  readonly credentials: (id: InstanceId) => Effect.Effect<Credentials, Refused | StoreUnavailable>;
  readonly limits: (name: ChannelName) => Limits;
  /** Whether this node's lease may still be relied on. */
  readonly isTrusted: () => boolean;
  readonly chance: Chance;
  readonly log: Log;
  readonly metrics: Metrics;
  /** There is something in the outbox. */
  readonly published: () => void;
}

/** Why an instance's process came to its end. */
export type Ending = 'idle' | 'fenced' | 'gone' | 'parked';

/** What makes an incarnation begin anew from the rows, and what its actors are to be told first. */
interface Restart {
  readonly afterMs: number;
  readonly mail: readonly Mail[];
}

interface Incarnation<Tx extends StepTransaction> {
  readonly rows: StoredInstance;
  readonly work: InstanceWork<Tx>;
  readonly gate: RequestGate;
  readonly activities: Activities<Tx>;
  actors: InstanceActors;
  lastSeq: number;
}

const MAX_ATTEMPTS = 5;
const IDLE_MS = 60_000;
/** Reports that may wait. Beyond it the platform is faster than the database: begin anew, and let spans show the gap. */
const MOST_WAITING = 10_000;
const COMMANDS_AT_ONCE = 50;
const STORE_RETRY = Schedule.min([Schedule.exponential('200 millis'), Schedule.spaced('5 seconds')]);
const CONTENTION_RETRY = Schedule.exponential('10 millis').pipe(Schedule.jittered, Schedule.upTo({ times: 8 }));

/**
 * One instance at work: takes inputs one at a time, has each decided and committed, then has the activities
 * follow. Whatever goes wrong with a commit ends the incarnation; the next one begins from the rows.
 */
export class InstanceProcess<Tx extends StepTransaction> {
  readonly id: InstanceId;
  readonly fence: Fence;
  readonly trace = new Trace();
  readonly #setting: ProcessSetting<Tx>;
  readonly #watchers = new Set<() => void>();
  #inputs: Queue.Queue<StepInput> = Effect.runSync(Queue.unbounded<StepInput>());
  #live: Incarnation<Tx> | null = null;
  #parked: string | null = null;
  #waitingLetters = 0;

  constructor(id: InstanceId, fence: Fence, setting: ProcessSetting<Tx>) {
    this.id = id;
    this.fence = fence;
    this.#setting = setting;
  }

  /** Null while it is being restored, or parked. */
  get live(): Readonly<Incarnation<Tx>> | null {
    return this.#live;
  }

  get parked(): string | null {
    return this.#parked;
  }

  get mailboxDepth(): number {
    return this.#waitingLetters;
  }

  /** A letter from the mailbox. Order and doubles are sorted out here, gaps are filled from the table. */
  offer(letter: Letter): void {
    this.#waitingLetters++;
    Queue.offerUnsafe(this.#inputs, { kind: 'command', letter });
  }

  tell(mail: readonly Mail[]): void {
    Queue.offerUnsafe(this.#inputs, { kind: 'mail', mail });
  }

  watch(onStep: () => void): () => void {
    this.#watchers.add(onStep);
    return () => this.#watchers.delete(onStep);
  }

  /** Runs until there is nothing to do, or another node has taken over. Interrupting it finishes the step first. */
  readonly run: Effect.Effect<Ending> = Effect.suspend(() => this.#incarnations());

  #incarnations(): Effect.Effect<Ending> {
    return Effect.gen({ self: this }, function* () {
      let restart: Restart = { afterMs: 0, mail: [] };
      for (;;) {
        yield* Effect.sleep(restart.afterMs);
        const outcome: Ending | Restart = yield* Effect.scoped(this.#incarnation(restart.mail)).pipe(
          Effect.catchCause((cause) => this.#broke(cause)),
        );
        this.#live = null;
        if (typeof outcome === 'string') return outcome;
        restart = outcome;
      }
    });
  }

  /** Nobody foresaw this: say so, and begin anew rather than leave an instance that only seems to live. */
  #broke(cause: Cause.Cause<never>): Effect.Effect<Restart> {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt;
    this.#setting.log.error({ instanceId: this.id, cause: Cause.pretty(cause) }, 'An instance broke; beginning anew.');
    return Effect.succeed({ afterMs: 5_000, mail: [] });
  }

  #incarnation(mail: readonly Mail[]) {
    return Effect.gen({ self: this }, function* () {
      this.#inputs = yield* Queue.unbounded<StepInput>();
      this.#waitingLetters = 0;
      const rows = yield* this.#load();
      if (rows === null) return 'gone' as const;
      const channel = this.#setting.channel(rows.channel);
      if (channel === null) return yield* this.#park(`This build cannot connect to ${rows.channel}.`);
      const restored = yield* Effect.exit(Effect.sync(() => restoreActors(rows, this.#setting.limits(rows.channel))));
      if (Exit.isFailure(restored)) return yield* this.#park(reasonOf(restored.cause));
      const live = this.#begin(rows, channel, restored.value, yield* Effect.scope);
      this.#live = live;
      return yield* this.#serve(live, mail);
    });
  }

  /** Waits for as long as the database is away. */
  #load(): Effect.Effect<StoredInstance | null> {
    const { store, log } = this.#setting;
    return store.load(this.id).pipe(
      Effect.tapError((error) =>
        Effect.sync(() =>
          log.warn({ instanceId: this.id, error: error._tag }, 'The database is away; waiting for it.'),
        ),
      ),
      Effect.retry(STORE_RETRY),
      Effect.orDie,
    );
  }

  #begin(
    rows: StoredInstance,
    channel: Channel,
    actors: InstanceActors,
    scope: ConstructorParameters<typeof Activities>[1],
  ): Incarnation<Tx> {
    const { credentials, log, isTrusted, work: factory } = this.#setting;
    const work = factory({ id: this.id, channel: rows.channel });
    const gate = new RequestGate(isTrusted);
    const inputs = this.#inputs;
    const activities = new Activities<Tx>(
      {
        instanceId: this.id,
        channel,
        work,
        gate,
        log,
        credentials: credentials(this.id),
        report: (report) => Queue.offerUnsafe(inputs, { kind: 'report', report }),
        due: (due) => Queue.offerUnsafe(inputs, { kind: 'mail', mail: due }),
      },
      scope,
    );
    return { rows, work, gate, activities, actors, lastSeq: rows.lastSeq };
  }

  #serve(live: Incarnation<Tx>, mail: readonly Mail[]): Effect.Effect<Ending | Restart> {
    return Effect.gen({ self: this }, function* () {
      const limits = this.#setting.limits(live.rows.channel);
      const first = yield* this.#take(live, {
        kind: 'mail',
        mail: [...RESTORED, { to: 'rate-limit', event: { type: 'limitsChanged', limits } }, ...mail],
      });
      if (first !== null) return first;
      const missed = yield* this.#runMissed(live);
      if (missed !== null) return missed;
      for (;;) {
        const input = yield* Queue.take(this.#inputs).pipe(Effect.timeoutOption(IDLE_MS));
        if (Queue.sizeUnsafe(this.#inputs) > MOST_WAITING) return this.#overflowed();
        const outcome = Option.isNone(input) ? this.#rest(live) : yield* this.#handle(live, input.value);
        if (outcome !== null) return outcome;
      }
    });
  }

  #overflowed(): Restart {
    this.#setting.log.warn(
      { instanceId: this.id },
      'More arrives than can be stored: the connection begins anew, spans show the gap.',
    );
    return { afterMs: 1000, mail: [] };
  }

  /** Nothing came for a while: forget finished jobs, and end if nobody wants this instance to live. */
  #rest(live: Incarnation<Tx>): Ending | null {
    live.actors = withoutJobs(
      live.actors,
      new Set([...live.actors.jobs].flatMap(([id, job]) => (isFinished(job) ? [id] : []))),
    );
    const { wanted, retryAt, run } = live.actors.supervisor.context;
    const isIdle = !wanted && retryAt === null && run === null && live.actors.jobs.size === 0;
    return isIdle && Queue.sizeUnsafe(this.#inputs) === 0 ? 'idle' : null;
  }

  #handle(live: Incarnation<Tx>, input: StepInput): Effect.Effect<Ending | Restart | null> {
    if (input.kind !== 'command') return this.#take(live, input);
    this.#waitingLetters--;
    const { seq } = input.letter;
    if (seq <= live.lastSeq) return Effect.succeed(null);
    return seq === live.lastSeq + 1 ? this.#runCommand(live, input.letter) : this.#runMissed(live);
  }

  /** Commands that are in the table and did not come through the mailbox. */
  #runMissed(live: Incarnation<Tx>): Effect.Effect<Ending | Restart | null> {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const open = yield* Effect.exit(this.#setting.store.openCommands(this.id, live.lastSeq, COMMANDS_AT_ONCE));
        if (Exit.isFailure(open)) return this.#afterFailure(live, { kind: 'mail', mail: [] }, open.cause);
        for (const letter of open.value) {
          const outcome = yield* this.#runCommand(live, letter);
          if (outcome !== null) return outcome;
        }
        if (open.value.length < COMMANDS_AT_ONCE) return null;
      }
    });
  }

  /** Counts the attempt first, in a commit of its own, so that a command that kills the process counts too. */
  #runCommand(live: Incarnation<Tx>, letter: Letter): Effect.Effect<Ending | Restart | null> {
    return Effect.gen({ self: this }, function* () {
      const { store, log, metrics } = this.#setting;
      const begun = yield* Effect.exit(store.beginAttempt(this.fence, letter.commandId).pipe(retryContention));
      if (Exit.isFailure(begun)) return this.#afterFailure(live, { kind: 'command', letter }, begun.cause);
      const attempts = begun.value;
      if (attempts <= MAX_ATTEMPTS) return yield* this.#take(live, { kind: 'command', letter }, attempts);
      const reason = `It failed ${attempts - 1} times; the log says how.`;
      log.error(
        { instanceId: this.id, commandId: letter.commandId, type: letter.command.type },
        'A command failed for good: dead letter.',
      );
      metrics.count('omni_dead_letters_total', {});
      return yield* this.#take(live, { kind: 'deadLetter', letter, reason, attempts: attempts - 1 }, attempts);
    });
  }

  /** One step and what follows it. Null: go on. */
  #take(live: Incarnation<Tx>, input: StepInput, attempts = 1): Effect.Effect<Ending | Restart | null> {
    return Effect.uninterruptible(
      Effect.gen({ self: this }, function* () {
        const { store, chance, published, metrics } = this.#setting;
        const at = yield* Clock.currentTimeMillis;
        const { rows, work, actors } = live;
        const setting = { instanceId: this.id, channel: rows.channel, store, work, fence: this.fence, chance };
        const exit = yield* Effect.exit(takeStep(setting, actors, input, at).pipe(retryContention));
        if (Exit.isFailure(exit)) return this.#afterFailure(live, input, exit.cause, attempts);
        const delivered = exit.value;
        live.actors = forgetFinished(delivered.actors, at);
        if (input.kind === 'command' || input.kind === 'deadLetter') live.lastSeq = input.letter.seq;
        this.trace.add(delivered.transitions, at);
        measureStep(metrics, rows.channel, input, actors, delivered.actors, (yield* Clock.currentTimeMillis) - at);
        yield* live.activities.reconcile(live.actors);
        if (input.kind === 'report' && input.report.type === 'requestFailed' && input.report.shutGate) live.gate.open();
        if (delivered.published.length > 0) published();
        for (const onStep of this.#watchers) onStep();
        return null;
      }),
    );
  }

  /** The incarnation is over; says what comes next. */
  #afterFailure(
    live: Incarnation<Tx>,
    input: StepInput,
    cause: Cause.Cause<Fenced | Contention | StoreUnavailable>,
    attempts = 1,
  ): Ending | Restart {
    const { log } = this.#setting;
    const fields = { instanceId: this.id, input: input.kind, cause: Cause.pretty(cause) };
    const failure = Cause.findErrorOption(cause);
    if (Option.isSome(failure)) {
      if (failure.value._tag === 'Fenced') {
        log.warn(
          { instanceId: this.id, epoch: this.fence.epoch },
          'Another node owns this instance now; it stops here.',
        );
        return 'fenced';
      }
      log.warn(
        { instanceId: this.id, error: failure.value._tag },
        'A step could not be committed; beginning anew from the rows.',
      );
      return { afterMs: 0, mail: [] };
    }
    log.error(fields, 'A step failed; beginning anew from the rows.');
    const afterMs = Math.min(30_000, 100 * 2 ** Math.min(attempts, 10));
    return { afterMs, mail: crashMail(live.actors, input) };
  }

  /** Something in its rows makes this instance unfit to run; the others go on. */
  #park(reason: string): Effect.Effect<Ending> {
    return Effect.gen({ self: this }, function* () {
      const { store, log } = this.#setting;
      this.#parked = reason;
      log.error({ instanceId: this.id, reason }, 'The instance is parked: it cannot be restored.');
      const error = { code: 'snapshot_unusable', message: reason, at: yield* Clock.currentTimeMillis };
      const record = { state: 'error' as const, account: null, error, wanted: true };
      yield* store
        .step(this.fence, (tx) => tx.saveInstance(this.id, record))
        .pipe(
          Effect.catchCause((cause) =>
            Effect.sync(() => log.warn({ instanceId: this.id, cause: Cause.pretty(cause) }, 'Could not record why.')),
          ),
        );
      return 'parked' as const;
    });
  }
}

const retryContention = <A, E>(effect: Effect.Effect<A, E | Contention>): Effect.Effect<A, E | Contention> =>
  Effect.retry(effect, { schedule: CONTENTION_RETRY, while: (error) => isContention(error) });

const isContention = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && '_tag' in error && error._tag === 'Contention';

/** The limiter first: what was out is counted before anybody asks again. */
const RESTORED: readonly Mail[] = [
  { to: 'rate-limit', event: { type: 'restored' } },
  { to: 'instance', event: { type: 'restored' } },
  { to: 'jobs', event: { type: 'restored' } },
];

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause);
  return error instanceof SnapshotUnusable ? `The ${error.actor} actor: ${error.message}` : Cause.pretty(cause);
};

/** A job whose report broke a step goes on under the restart policy. */
const crashMail = (actors: InstanceActors, input: StepInput): readonly Mail[] => {
  const message = 'Storing what the platform brought failed; the log says how.';
  const crashed = (jobId: JobId): readonly Mail[] => [{ to: jobId, event: { type: 'crashed', message } }];
  if (input.kind === 'report' && input.report.type !== 'connection') return crashed(input.report.jobId);
  if (input.kind !== 'mail') return [];
  return input.mail.flatMap(({ to }) => (actors.jobs.has(to as JobId) ? crashed(to as JobId) : []));
};

const forgetFinished = (actors: InstanceActors, at: number): InstanceActors => {
  const gone = [...actors.jobs].filter(([, job]) => isFinished(job) && (job.context.completedAt ?? 0) + IDLE_MS < at);
  return gone.length === 0 ? actors : withoutJobs(actors, new Set(gone.map(([jobId]) => jobId)));
};
