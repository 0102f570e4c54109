import { Cause, Clock, Effect, Exit, Option, Schedule, Scope } from 'effect';
import type { Channel } from '../../channels/channel.ts';
import { isKnown, type Letter } from '../../domain/command.ts';
import { type Contention, type Fenced, StoreUnavailable } from '../../domain/errors.ts';
import type { JobId } from '../../domain/ids.ts';
import type { Fence } from '../fence.ts';
import { type InstanceActors, isFinished, withJob, withoutJobs } from '../instance-actors.ts';
import type { ProcessSetting } from '../process-setting.ts';
import type { Report } from '../report.ts';
import { RequestGate } from '../request-gate.ts';
import { aftermathOf, type Ending, isDefect, type Restart, STUMBLED } from '../step/aftermath.ts';
import type { Delivered } from '../step/deliver.ts';
import type { Inbox } from '../step/inbox.ts';
import { measureStep } from '../step/measure-step.ts';
import type { UnheededStops } from '../step/said-stop.ts';
import { buryCommand, type StepInput, type Stepped, type StepSetting, takeStep } from '../step/step.ts';
import { tellStep } from '../step/tell-step.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import type { Mail } from '../work.ts';
import { Activities } from './activities.ts';
import type { BegunCommands } from './begun-commands.ts';
import type { OutOfTime } from './out-of-time.ts';

const MAX_ATTEMPTS = 5;
/** One that was counted as beginning again, and has not run. */
const SUSPECT_ATTEMPTS = 2;
/** Finished jobs leave memory, and an instance that nobody wants ends, after this long without anything to do, ms. */
const IDLE_MS = 60_000;
/**
 * Reports that may wait. Beyond it the platform is faster than the database: begin anew, and let spans show the gap.
 */
const MOST_WAITING = 10_000;
const COMMANDS_AT_ONCE = 50;
const CONTENTION_RETRY = Schedule.exponential('10 millis').pipe(Schedule.jittered, Schedule.upTo({ times: 8 }));

/** Between two tries of what the database was not even asked for, ms: it doubles. */
const REST_MS = 200;
const MOST_REST_MS = 5_000;

const restored = (to: Mail['to']): Mail => ({ to, event: { type: 'restored' } });
/** The limiter first: what was out is counted before anybody asks again. */
const RESTORED: readonly Mail[] = [restored('rate-limit'), restored('instance')];

export interface IncarnationSetting<Tx extends StepTransaction> extends ProcessSetting<Tx> {
  readonly fence: Fence;
  readonly rows: StoredInstance;
  readonly channel: Channel;
  readonly inbox: Inbox;
  /** Outlives the incarnation. */
  readonly begun: BegunCommands;
  /** Outlives the incarnation as well. */
  readonly outOfTime: OutOfTime;
  /** What the platform said and is not committed. Outlives the incarnation too. */
  readonly stops: UnheededStops;
  /** Called after each step, with what it did. */
  readonly stepped: (delivered: Delivered, at: number) => void;
}

export type Outcome = Ending | Restart | null;

/** `unfit`: even without its jobs it cannot be told that it was restored. */
export type Served = Ending | Restart | 'unfit';

/**
 * An instance from one restore to the next: takes inputs one at a time, has each decided and committed, then has
 * the activities follow. Whatever goes wrong with a commit is its end; the next one begins from the rows.
 */
export class Incarnation<Tx extends StepTransaction> {
  readonly rows: StoredInstance;
  readonly activities: Activities<Tx>;
  readonly #setting: IncarnationSetting<Tx>;
  readonly #step: StepSetting<Tx>;
  readonly #gate: RequestGate;
  #actors: InstanceActors;
  #lastSeq: number;
  /** The number of a command that this build does not know. */
  #leftAt: number | null = null;
  /** False until what was missed has run: a command that breaks a step must not cost a login each time. */
  #mayAct = false;

  readonly #acting: Scope.Closeable;

  /** Its activities end with `acting`. */
  constructor(setting: IncarnationSetting<Tx>, actors: InstanceActors, acting: Scope.Closeable) {
    const { rows, channel, fence, store, chance, inbox, stops, credentials, vault, log } = setting;
    const work = setting.work({ id: rows.id, channel: rows.channel, traits: channel.traits, fence });
    this.rows = rows;
    this.#setting = setting;
    this.#step = { instanceId: rows.id, channel: rows.channel, store, work, fence, chance };
    this.#gate = new RequestGate(setting.isTrusted);
    this.#actors = actors;
    this.#lastSeq = rows.lastSeq;
    this.#acting = acting;
    this.activities = new Activities<Tx>(
      {
        instanceId: rows.id,
        channel,
        work,
        gate: this.#gate,
        log,
        credentials: credentials(rows.id),
        vault: vault(rows.id, fence),
        report: (report) => {
          stops.hear(report, this.#actors);
          inbox.offer({ kind: 'report', report });
        },
        due: (mail) => inbox.offer({ kind: 'mail', mail }),
      },
      acting,
    );
  }

  /** Ends every activity at once and for good, also while a step hangs. */
  abandon(): Effect.Effect<void> {
    return Scope.close(this.#acting, Exit.void);
  }

  get actors(): InstanceActors {
    return this.#actors;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * The first step: the actors are told that they were restored, then `mail`. `apart`: each job in a step of its own,
   * since the step of all of them failed. Null: done.
   */
  restored(mail: readonly Mail[], apart: boolean): Effect.Effect<Served | null> {
    return Effect.gen({ self: this }, function* () {
      const limits = this.#setting.limits(this.rows.id, this.rows.channel);
      const limitsChanged: Mail = { to: 'rate-limit', event: { type: 'limitsChanged', limits } };
      const { stops } = this.#setting;
      const first = [...RESTORED, limitsChanged, ...stops.mail];
      const outcome = yield* apart
        ? this.#restoreApart(first, mail)
        : this.#take({ kind: 'mail', mail: [...first, restored('jobs'), ...mail] });
      if (outcome === null) stops.heedAll();
      return outcome;
    });
  }

  /** Runs until it is over, after its first step. */
  serve(first: Outcome): Effect.Effect<Ending | Restart> {
    return Effect.gen({ self: this }, function* () {
      let outcome = first ?? (yield* this.#runMissed());
      this.#mayAct = true;
      yield* this.#act();
      while (outcome === null) outcome = yield* this.#next();
      return outcome;
    });
  }

  /** First what there is without jobs; then job by job, and one that breaks its step fails alone. */
  #restoreApart(first: readonly Mail[], mail: readonly Mail[]): Effect.Effect<Served | null> {
    return Effect.gen({ self: this }, function* () {
      const { jobs } = this.#actors;
      this.#actors = withoutJobs(this.#actors, new Set(jobs.keys()));
      const failure = yield* this.#take({ kind: 'mail', mail: first });
      if (failure !== null) return isDefect(failure) ? 'unfit' : failure;
      for (const [jobId, job] of jobs) {
        const others = this.#actors;
        this.#actors = withJob(others, jobId, job);
        const told = [restored(jobId), ...mail.filter(({ to }) => to === jobId)];
        const outcome = yield* this.#take({ kind: 'mail', mail: told });
        if (outcome === null) continue;
        if (!isDefect(outcome)) return outcome;
        this.#actors = others;
        const notFailed = yield* this.#failJob(jobId);
        if (notFailed !== null) return notFailed;
      }
      return null;
    });
  }

  #failJob(jobId: JobId): Effect.Effect<Outcome> {
    return Effect.gen({ self: this }, function* () {
      const { store, fence } = this.#setting;
      const at = yield* Clock.currentTimeMillis;
      const reason = 'It broke the step in which it was restored; the log says how.';
      const failed = yield* Effect.exit(store.step(fence, (tx) => tx.failJob(jobId, reason, at)).pipe(retryContention));
      return Exit.isFailure(failed) ? this.#failed({ kind: 'mail', mail: [] }, 1, failed) : null;
    });
  }

  #next(): Effect.Effect<Outcome> {
    return Effect.gen({ self: this }, function* () {
      const { inbox } = this.#setting;
      const input = yield* inbox.take.pipe(Effect.timeoutOption(IDLE_MS));
      if (inbox.size > MOST_WAITING) return this.#overflowed();
      if (Option.isNone(input)) return this.#rest();
      if (input.value.kind !== 'command') return yield* this.#take(input.value);
      const { letter } = input.value;
      if (letter.seq <= this.#lastSeq) return null;
      return yield* letter.seq === this.#lastSeq + 1 ? this.#runCommand(letter) : this.#runMissed();
    });
  }

  #overflowed(): Restart {
    const { log } = this.#setting;
    log.warn({ instanceId: this.rows.id }, 'More arrives than can be stored: beginning anew, spans show the gap.');
    return STUMBLED;
  }

  /** Nothing came for a while: ends if nobody wants this instance to live. */
  #rest(): Ending | null {
    this.#actors = withoutJobs(this.#actors, finishedJobs(this.#actors, Number.POSITIVE_INFINITY));
    const { wanted, retryAt, run } = this.#actors.supervisor.context;
    const isIdle = !wanted && retryAt === null && run === null && this.#actors.jobs.size === 0;
    return isIdle && this.#setting.inbox.size === 0 ? 'idle' : null;
  }

  /** Commands that are in the table and did not come through the mailbox. */
  #runMissed(): Effect.Effect<Outcome> {
    return Effect.gen({ self: this }, function* () {
      const { store } = this.#setting;
      for (;;) {
        const open = yield* Effect.exit(insist(store.openCommands(this.rows.id, this.#lastSeq, COMMANDS_AT_ONCE)));
        if (Exit.isFailure(open)) return this.#failed({ kind: 'mail', mail: [] }, 1, open);
        for (const letter of open.value) {
          const outcome = yield* this.#runCommand(letter);
          if (outcome !== null) return outcome;
          if (this.#lastSeq < letter.seq) return null;
        }
        if (open.value.length < COMMANDS_AT_ONCE) return null;
      }
    });
  }

  /**
   * After a crash all that had begun are under suspicion, and all but one without reason: so they begin again one at a
   * time, and only the one that kills is counted each time.
   */
  #runCommand(letter: Letter): Effect.Effect<Outcome> {
    if (!isKnown(letter.command)) return Effect.sync(() => this.#leave(letter));
    const { lastSeq, openAttempts } = this.rows;
    const isSuspect = letter.seq === lastSeq + 1 && openAttempts >= SUSPECT_ATTEMPTS;
    const run = this.#attemptAndRun(letter);
    return isSuspect ? this.#setting.suspects.withPermits(1)(run) : run;
  }

  /**
   * It waits for a build that knows it, and what comes after it waits too; nothing is counted, for nothing was tried.
   */
  #leave({ seq, commandId, command }: Letter): null {
    if (this.#leftAt !== seq) {
      const fields = { instanceId: this.rows.id, commandId, type: command.type };
      this.#setting.log.warn(fields, 'This build does not know that command: it is left to a newer one.');
    }
    this.#leftAt = seq;
    return null;
  }

  #attemptAndRun(letter: Letter): Effect.Effect<Outcome> {
    return Effect.gen({ self: this }, function* () {
      const { log, metrics } = this.#setting;
      const begun = yield* Effect.exit(this.#attempt(letter));
      if (Exit.isFailure(begun)) return this.#failed({ kind: 'command', letter }, 1, begun);
      const attempts = begun.value;
      if (attempts <= MAX_ATTEMPTS) return yield* this.#take({ kind: 'command', letter }, attempts);
      const { commandId, command } = letter;
      log.error({ instanceId: this.rows.id, commandId, type: command.type }, 'A command failed for good: dead letter.');
      metrics.count('omni_dead_letters_total', {});
      const reason = `It failed ${MAX_ATTEMPTS} times; the log says how.`;
      if (attempts > MAX_ATTEMPTS + 1) return yield* this.#bury(letter, reason);
      return yield* this.#take({ kind: 'deadLetter', letter, reason, attempts: MAX_ATTEMPTS }, attempts);
    });
  }

  /**
   * How often it has begun, this time included. One that may have killed the process is counted before it begins again.
   */
  #attempt(letter: Letter): Effect.Effect<number, Fenced | Contention | StoreUnavailable> {
    const { store, fence, begun } = this.#setting;
    if (!begun.mustCount(letter)) return Effect.succeed(1);
    return store.beginAgain(fence, letter).pipe(retryContention, insist);
  }

  #bury(letter: Letter, reason: string): Effect.Effect<Outcome> {
    return Effect.gen({ self: this }, function* () {
      const at = yield* Clock.currentTimeMillis;
      const buried = yield* Effect.exit(buryCommand(this.#step, letter, reason, MAX_ATTEMPTS, at));
      return Exit.isFailure(buried) ? this.#failed({ kind: 'mail', mail: [] }, 1, buried) : STUMBLED;
    });
  }

  /** One step and what follows it, not to be interrupted in between. Null: go on. */
  #take(input: StepInput, attempts = 1): Effect.Effect<Outcome> {
    return Effect.uninterruptible(
      Effect.gen({ self: this }, function* () {
        const at = yield* Clock.currentTimeMillis;
        const exit = yield* Effect.exit(takeStep(this.#step, this.#actors, input, at).pipe(retryContention, insist));
        if (Exit.hasInterrupts(exit)) return yield* Effect.interrupt;
        if (Exit.isFailure(exit)) return this.#failed(input, attempts, exit);
        this.#setting.outOfTime.committed(input);
        yield* this.#follow(input, exit.value, at);
        return null;
      }),
    );
  }

  /** What follows a committed step, in this order: whoever waits for it is told once the activities have followed. */
  #follow(input: StepInput, stepped: Stepped, at: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const before = this.#actors;
      this.#takeOver(input, stepped, at);
      this.#describe(input, before, stepped, (yield* Clock.currentTimeMillis) - at);
      yield* this.#act();
      this.#queueOwnCommand(stepped);
      if (input.kind === 'report') this.#settle(input.report);
      this.#announce(stepped, at);
    });
  }

  /** Goes on from what was committed, without jobs that finished a while ago. */
  #takeOver(input: StepInput, { actors }: Stepped, at: number): void {
    this.#actors = withoutJobs(actors, finishedJobs(actors, at - IDLE_MS));
    if ('letter' in input) this.#lastSeq = input.letter.seq;
  }

  #describe(input: StepInput, before: InstanceActors, stepped: Stepped, tookMs: number): void {
    const { log, metrics } = this.#setting;
    measureStep(metrics, this.rows.channel, input, stepped, tookMs);
    tellStep(log, this.rows, before, stepped.actors);
  }

  /** What a report was waiting for. The gate opens last: the walks that the limiter called back have ended by now. */
  #settle(report: Report): void {
    this.#setting.stops.heed(report);
    if ('settled' in report) report.settled();
    if (report.type === 'requestFailed' && report.shutGate) this.#gate.open();
  }

  #announce(stepped: Stepped, at: number): void {
    if (stepped.published.length > 0) this.#setting.published();
    this.#setting.stepped(stepped, at);
  }

  /** Should it get lost between here and its step, the table still has it. */
  #queueOwnCommand({ own }: Stepped): void {
    if (own === null) return;
    this.#setting.metrics.count('omni_commands_total', { type: own.command.type });
    this.#setting.inbox.offer({ kind: 'command', letter: own });
  }

  /** Has the activities follow the snapshots. */
  #act(): Effect.Effect<void> {
    return Effect.suspend(() => (this.#mayAct ? this.activities.reconcile(this.#actors) : Effect.void));
  }

  #failed(
    input: StepInput,
    attempts: number,
    { cause }: Exit.Failure<unknown, Fenced | Contention | StoreUnavailable>,
  ): Ending | Restart {
    const { rows } = this;
    const { begun, outOfTime, log } = this.#setting;
    const failure = Option.getOrNull(Cause.findErrorOption(cause));
    const isToBlame = outOfTime.blames(input, failure);
    if ('letter' in input && failure !== null && !isToBlame) begun.spare(input.letter);
    return aftermathOf({ instanceId: rows.id, actors: this.#actors, input, attempts, cause, isToBlame }, log);
  }
}

const finishedJobs = (actors: InstanceActors, until: number) =>
  new Set(
    [...actors.jobs].flatMap(([id, job]) => (isFinished(job) && (job.context.completedAt ?? 0) < until ? [id] : [])),
  );

const retryContention = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.retry(effect, { schedule: CONTENTION_RETRY, while: ({ _tag }) => _tag === 'Contention' });

/**
 * Tries again for as long as the database was not even asked: nothing is written, and nothing speaks against what the
 * actors know. Whoever is interrupted meanwhile has not begun.
 */
const insist = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>, tries = 0): Effect.Effect<A, E> =>
  Effect.catchIf(
    effect,
    (error) => error instanceof StoreUnavailable && error.nothingWasAsked === true,
    () =>
      Effect.sleep(Math.min(MOST_REST_MS, REST_MS * 2 ** tries)).pipe(
        Effect.interruptible,
        Effect.andThen(insist(effect, tries + 1)),
      ),
  );
