import { isDeepStrictEqual } from 'node:util';
import { Cause, Clock, Effect, Exit, Schedule, Scope } from 'effect';
import type { InstanceSnapshot } from '../../../machines/instance.ts';
import { decideRestart, NO_RESTARTS } from '../../../machines/restart-policy.ts';
import type { Letter } from '../../domain/command.ts';
import { SnapshotUnusable } from '../../domain/errors.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import { SNAPSHOT_UNUSABLE } from '../../domain/instance.ts';
import type { Fence } from '../fence.ts';
import type { ProcessSetting } from '../process-setting.ts';
import { instanceRecord } from '../step/actor-rows.ts';
import { type Ending, isDefect, type Restart, STUMBLED } from '../step/aftermath.ts';
import { Inbox } from '../step/inbox.ts';
import { restoreActors } from '../step/restore.ts';
import { UnheededStops } from '../step/said-stop.ts';
import type { InstanceRecord, StepTransaction } from '../store/step-transaction.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import type { Mail } from '../work.ts';
import { BegunCommands } from './begun-commands.ts';
import { Incarnation } from './incarnation.ts';
import { OutOfTime } from './out-of-time.ts';
import { Trace } from './trace.ts';

/** Between two incarnations that fail again and again: each one may cost a login. */
const RESTARTS_EXHAUSTED_MS = 60_000;
/** How often all actors are told at once that they were restored, before each is told in a step of its own. */
const RESTORES_TOGETHER = 3;
const STORE_RETRY = Schedule.min([Schedule.exponential('200 millis'), Schedule.spaced('5 seconds')]);

/** One instance at work: one incarnation after another, until there is nothing to do or nobody wants it here. */
export class InstanceProcess<Tx extends StepTransaction> {
  readonly id: InstanceId;
  readonly fence: Fence;
  readonly trace = new Trace();
  readonly #setting: ProcessSetting<Tx>;
  readonly #watchers = new Set<() => void>();
  #inbox = new Inbox();
  #live: Incarnation<Tx> | null = null;
  #parked: string | null = null;
  readonly #begun: BegunCommands;
  readonly #stops = new UnheededStops();
  readonly #outOfTime = new OutOfTime();
  /** How often in a row the step broke in which its actors are told that they were restored. */
  #brokenRestores = 0;

  /** `isInherited`: a former owner may have begun a command that is still open. */
  constructor(id: InstanceId, fence: Fence, setting: ProcessSetting<Tx>, isInherited: boolean) {
    this.id = id;
    this.fence = fence;
    this.#setting = setting;
    this.#begun = new BegunCommands(isInherited);
  }

  /** Null while it is being restored, or parked. */
  get live(): Incarnation<Tx> | null {
    return this.#live;
  }

  /** Why its rows cannot be restored; null: they can. */
  get parked(): string | null {
    return this.#parked;
  }

  /** Commands that wait for their turn. */
  get mailboxDepth(): number {
    return this.#inbox.letters;
  }

  /** A letter from the mailbox. Order and doubles are sorted out here, gaps are filled from the table. */
  offer(letter: Letter): void {
    this.#inbox.offer({ kind: 'command', letter });
  }

  tell(mail: readonly Mail[]): void {
    if (mail.length > 0) this.#inbox.offer({ kind: 'mail', mail });
  }

  watch(onStep: () => void): () => void {
    this.#watchers.add(onStep);
    return () => this.#watchers.delete(onStep);
  }

  /** Whatever touches the platform ends at once; what is being committed, when the database says so. */
  readonly abandon: Effect.Effect<void> = Effect.suspend(() => this.#live?.abandon() ?? Effect.void);

  /** Runs until there is nothing to do, or another node has taken over. Interrupting it finishes the step first. */
  readonly run: Effect.Effect<Ending> = Effect.suspend(() => this.#incarnations());

  #incarnations(): Effect.Effect<Ending> {
    return Effect.gen({ self: this }, function* () {
      let mail: readonly Mail[] = [];
      let restarts = NO_RESTARTS;
      for (;;) {
        const stableSince = yield* Clock.currentTimeMillis;
        const outcome = yield* Effect.scoped(this.#incarnate(mail)).pipe(
          Effect.catchCause((cause) => this.#broke(cause)),
          Effect.ensuring(Effect.sync(() => this.#died())),
        );
        if (typeof outcome === 'string') return outcome;
        this.#setting.metrics.count('omni_restarts_total', {});
        mail = outcome.mail;
        const at = yield* Clock.currentTimeMillis;
        const decision = decideRestart(restarts, { at, random: this.#setting.chance.random(), stableSince });
        if (!outcome.isBounded) restarts = decision.log;
        const backoffMs = decision.restart ? decision.at - at : RESTARTS_EXHAUSTED_MS;
        yield* Effect.sleep(outcome.isBounded ? outcome.afterMs : Math.max(outcome.afterMs, backoffMs));
      }
    });
  }

  #died(): void {
    this.#live = null;
  }

  /** Nobody foresaw this: say so, and begin anew rather than leave an instance that only seems to live. */
  #broke(cause: Cause.Cause<never>): Effect.Effect<Restart> {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt;
    this.#setting.log.error({ instanceId: this.id, cause: Cause.pretty(cause) }, 'An instance broke; beginning anew.');
    return Effect.succeed(STUMBLED);
  }

  #incarnate(mail: readonly Mail[]) {
    return Effect.gen({ self: this }, function* () {
      const begun = yield* this.#setting.restores.withPermits(1)(this.#begin(mail));
      return typeof begun === 'string' ? begun : yield* begun.live.serve(begun.outcome);
    });
  }

  /** Reads the rows, and has the actors take their first step. */
  #begin(mail: readonly Mail[]) {
    return Effect.gen({ self: this }, function* () {
      // What the former incarnation was told goes with it: commands are in the table, reports belong to its activities.
      const inbox = new Inbox();
      this.#inbox = inbox;
      const rows = yield* this.#load();
      if (rows === null) return 'gone' as const;
      this.#begun.restored(rows.lastSeq);
      const channel = this.#setting.channelOf(rows.channel);
      if (channel === null) return yield* this.#park(`This build cannot connect to ${rows.channel}.`);
      const restored = yield* Effect.exit(
        Effect.sync(() => restoreActors(rows, this.#setting.limits(this.id, rows.channel))),
      );
      if (Exit.isFailure(restored)) return yield* this.#park(reasonOf(restored.cause));
      const stepped = this.#stepped;
      const setting = {
        ...this.#setting,
        fence: this.fence,
        rows,
        channel,
        inbox,
        stepped,
        begun: this.#begun,
        stops: this.#stops,
        outOfTime: this.#outOfTime,
      };
      const { actors, lostJobs } = restored.value;
      if (lostJobs.size > 0) yield* this.#failJobs(lostJobs);
      yield* this.#unpark(rows.record, actors.supervisor);
      const live = new Incarnation<Tx>(setting, actors, yield* Scope.fork(yield* Effect.scope));
      this.#live = live;
      const outcome = yield* live.restored(mail, this.#brokenRestores >= RESTORES_TOGETHER);
      if (outcome === 'unfit') return yield* this.#park('Its actors break the step in which they are restored.');
      if (outcome === null) this.#brokenRestores = 0;
      else if (isDefect(outcome)) this.#brokenRestores += 1;
      return { live, outcome };
    });
  }

  readonly #stepped: ConstructorParameters<typeof Incarnation<Tx>>[0]['stepped'] = ({ transitions }, at) => {
    this.trace.add(transitions, at);
    for (const onStep of this.#watchers) onStep();
  };

  /** Waits for as long as the database is away. */
  #load(): Effect.Effect<StoredInstance | null> {
    const { store, log } = this.#setting;
    return store.load(this.id).pipe(
      Effect.tapError(({ _tag }) =>
        Effect.sync(() => log.warn({ instanceId: this.id, error: _tag }, 'The database is away; waiting for it.')),
      ),
      Effect.retry(STORE_RETRY),
      Effect.orDie,
    );
  }

  /** Jobs whose snapshots cannot be restored: the next one of the same scope reads what they left. */
  #failJobs(lost: ReadonlyMap<JobId, string>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { store, log } = this.#setting;
      const at = yield* Clock.currentTimeMillis;
      log.error({ instanceId: this.id, lost: Object.fromEntries(lost) }, 'Jobs cannot be restored; they fail.');
      yield* store
        .step(this.fence, async (tx) => {
          for (const [jobId, reason] of lost) await tx.failJob(jobId, `It cannot be restored. ${reason}`, at);
        })
        .pipe(Effect.orDie);
    });
  }

  /** Steps write of a row what they change: what parking wrote over it is not among that. */
  #unpark(record: InstanceRecord, supervisor: InstanceSnapshot): Effect.Effect<void> {
    const mended = instanceRecord(supervisor);
    if (isDeepStrictEqual(record, mended)) return Effect.void;
    return this.#setting.store.step(this.fence, (tx) => tx.saveInstance(this.id, mended)).pipe(Effect.orDie);
  }

  /** Something in its rows makes this instance unfit to run; the others go on. */
  #park(reason: string): Effect.Effect<Ending> {
    return Effect.gen({ self: this }, function* () {
      const { store, log } = this.#setting;
      this.#parked = reason;
      log.error({ instanceId: this.id, reason }, 'The instance is parked: it cannot be restored.');
      const error = { code: SNAPSHOT_UNUSABLE, message: reason, at: yield* Clock.currentTimeMillis };
      const recorded = yield* Effect.exit(store.step(this.fence, (tx) => tx.parkInstance(this.id, error)));
      if (Exit.isFailure(recorded)) log.warn({ instanceId: this.id }, 'Why it is parked could not be recorded.');
      return 'parked' as const;
    });
  }
}

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause);
  return error instanceof SnapshotUnusable ? `The ${error.actor} actor: ${error.message}` : Cause.pretty(cause);
};
