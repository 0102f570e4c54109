import { Cause, Clock, Deferred, Effect, Exit, Fiber, Queue, Scope } from 'effect';
import { instanceActor } from '../../../machines/instance.ts';
import { rateLimitActor } from '../../../machines/rate-limit.ts';
import { syncJobActor } from '../../../machines/sync-job.ts';
import type { Channel, Connection, ConnectionReport, Credentials, PushReader } from '../../channels/channel.ts';
import { BadAnswer } from '../../channels/platform-failure.ts';
import type { SessionVault } from '../../channels/session-vault.ts';
import type { Refused, StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import { toIso } from '../../domain/instant.ts';
import type { Log } from '../../domain/log.ts';
import type { PairingOffer } from '../../domain/pairing.ts';
import { type InstanceActors, isFinished } from '../instance-actors.ts';
import type { Report } from '../report.ts';
import type { RequestGate } from '../request-gate.ts';
import type { StepTransaction } from '../store/step-transaction.ts';
import type { InstanceWork, Mail, WalkAssignment } from '../work.ts';

/**
 * Activities are what the snapshots call for, and nothing else: one connection while the supervisor names a run,
 * one walk for each job that holds a permit, one timer at the earliest deadline. `reconcile` is called after each
 * commit and after a restore, and only ever compares; so a crash between commit and act loses nothing.
 */
export interface ActivitySetting<Tx extends StepTransaction> {
  readonly instanceId: InstanceId;
  readonly channel: Channel;
  readonly work: InstanceWork<Tx>;
  readonly gate: RequestGate;
  readonly log: Log;
  readonly credentials: Effect.Effect<Credentials, Refused | StoreUnavailable>;
  readonly vault: SessionVault;
  readonly report: (report: Report) => void;
  /** A deadline has passed: these actors want to be told. */
  readonly due: (mail: readonly Mail[]) => void;
}

interface OpenConnection {
  readonly run: string;
  readonly scope: Scope.Closeable;
  readonly connection: Deferred.Deferred<Connection>;
  /** What a person must be shown now. Lives here and nowhere else: it opens the account. */
  offer: PairingOffer | null;
}

/** How long the platform may take to hear that a session is over, ms. */
const GOODBYE_MS = 5_000;

interface RunningWalk {
  readonly run: string;
  readonly fiber: Fiber.Fiber<void>;
  readonly permits: Queue.Queue<number>;
  /** Permits handed to the walk so far. */
  given: number;
}

interface Timer {
  readonly at: number;
  readonly fiber: Fiber.Fiber<void>;
}

export class Activities<Tx extends StepTransaction> {
  readonly #setting: ActivitySetting<Tx>;
  readonly #scope: Scope.Scope;
  #connection: OpenConnection | null = null;
  readonly #walks = new Map<JobId, RunningWalk>();
  #timer: Timer | null = null;
  #continuity: string | null = null;

  /** Everything ends with `scope`. */
  constructor(setting: ActivitySetting<Tx>, scope: Scope.Scope) {
    this.#setting = setting;
    this.#scope = scope;
  }

  /** What runs now, for people who look inside. */
  get names(): readonly string[] {
    return [
      ...(this.#connection === null ? [] : ['connection']),
      ...[...this.#walks.keys()].map((jobId) => `walk of ${jobId}`),
      ...(this.#timer === null ? [] : [`timer at ${toIso(this.#timer.at)}`]),
    ];
  }

  /** What a person must be shown to pair; null: nothing (any more). */
  pairingOffer(now: number): PairingOffer | null {
    const offer = this.#connection?.offer ?? null;
    return offer !== null && offer.expiresAt > now ? offer : null;
  }

  reconcile(actors: InstanceActors): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      this.#continuity = actors.supervisor.context.continuity;
      yield* this.#reconcileWalks(actors);
      yield* this.#reconcileConnection(actors);
      yield* this.#startWalks(actors);
      yield* this.#reconcileTimer(actors);
    });
  }

  #reconcileConnection({ supervisor, limiter }: InstanceActors): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { run } = supervisor.context;
      if (this.#connection !== null && this.#connection.run !== run) {
        if (supervisor.value === 'loggedOut') yield* this.#logOut(this.#connection);
        yield* Scope.close(this.#connection.scope, Exit.void);
        this.#connection = null;
      }
      if (this.#connection !== null || run === null) return;
      yield* this.#connect(run, supervisor.context.pairWith, limiter.context.cooldownUntil ?? 0);
    });
  }

  /**
   * The socket opens in a fiber of its own, so that a slow platform keeps nobody waiting. To log in is a request as
   * well: none leaves before a cooldown is over.
   */
  #connect(run: string, pairWith: string | null, notBefore: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const scope = yield* Scope.fork(this.#scope);
      const connection = yield* Deferred.make<Connection>();
      const opening: OpenConnection = { run, scope, connection, offer: null };
      this.#connection = opening;
      const { channel, credentials, gate, instanceId, vault } = this.#setting;
      const arrivals = yield* Queue.sliding<void>(1);
      const activity = sleepUntil(notBefore).pipe(
        Effect.andThen(credentials),
        // Without the lease this may be somebody else's account by now.
        Effect.tap(() => gate.trusted),
        Effect.flatMap((known) =>
          channel.open({
            instanceId,
            credentials: known,
            vault: ringing(vault, arrivals),
            report: (told) => this.#hear(opening, told),
            ...(pairWith === null ? {} : { pairWith }),
          }),
        ),
        Effect.provideService(Scope.Scope, scope),
        Effect.tap((opened) => Deferred.succeed(connection, opened)),
        Effect.flatMap(({ pushed }) => this.#workOff(pushed, arrivals)),
        Effect.catchCause((cause) => Effect.sync(() => this.#connectionFailed(run, cause))),
      );
      yield* Effect.forkIn(activity, scope);
    });
  }

  #hear(connection: OpenConnection, told: ConnectionReport): void {
    if (told.type === 'pairingOffered') connection.offer = told.offer;
    if (told.type === 'connectionOpened') connection.offer = null;
    this.#setting.report({ type: 'connection', run: connection.run, report: told });
  }

  #workOff(pushed: PushReader | null, arrivals: Queue.Dequeue<void>): Effect.Effect<void> {
    const { work, report } = this.#setting;
    return pushed === null ? Effect.void : work.workOff({ reader: pushed, arrivals, report });
  }

  /** The session is over on our side already; whether the platform hears of it keeps nobody waiting for long. */
  #logOut({ connection }: OpenConnection): Effect.Effect<void> {
    const { log, instanceId } = this.#setting;
    return Deferred.await(connection).pipe(
      Effect.flatMap(({ logOut }) => logOut),
      Effect.timeout(GOODBYE_MS),
      Effect.catchCause((cause) =>
        Effect.sync(() =>
          log.warn({ instanceId, cause: Cause.pretty(cause) }, 'The platform was not told of the logout.'),
        ),
      ),
    );
  }

  #connectionFailed(run: string, cause: Cause.Cause<unknown>): void {
    if (Cause.hasInterruptsOnly(cause)) return;
    const { log, instanceId, report } = this.#setting;
    log.warn({ instanceId, cause: Cause.pretty(cause) }, 'The connection could not be opened.');
    const message = 'The connection could not be opened; the log says why.';
    report({
      type: 'connection',
      run,
      report: { type: 'connectionLost', fate: 'transient', code: 'connect_failed', message },
    });
  }

  /** Ends walks that are not called for any more. Before the connection changes: they read through it. */
  #reconcileWalks(actors: InstanceActors): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      for (const [jobId, walk] of this.#walks) {
        const job = actors.jobs.get(jobId);
        if (job !== undefined && job.context.walk?.run === walk.run && wantsWalk(job)) continue;
        this.#walks.delete(jobId);
        yield* Fiber.interrupt(walk.fiber);
      }
    });
  }

  /** Begins the walks that are called for and do not run yet, and hands each the permits that are new since. */
  #startWalks(actors: InstanceActors): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      if (this.#connection === null) return;
      const { connection } = this.#connection;
      for (const [jobId, job] of actors.jobs) {
        const { walk, permits, granted, config, failures } = job.context;
        if (walk === null || !wantsWalk(job)) continue;
        const order = { jobId, walk, only: config.channelId, type: config.type, failures };
        const running = this.#walks.get(jobId) ?? (yield* this.#startWalk(order, connection));
        // A walk that begins anew in the middle of a run is owed only what is out, not what was used before.
        const fresh = permits.slice(Math.max(0, permits.length - (granted - running.given)));
        running.given = granted;
        yield* Queue.offerAll(running.permits, fresh);
      }
    });
  }

  #startWalk(
    order: Pick<WalkAssignment, 'jobId' | 'walk' | 'only' | 'type' | 'failures'>,
    opening: Deferred.Deferred<Connection>,
  ): Effect.Effect<RunningWalk> {
    return Effect.gen({ self: this }, function* () {
      const permits = yield* Queue.unbounded<number>();
      const { jobId, walk } = order;
      const { work, gate, report } = this.#setting;
      const continuity = () => this.#continuity;
      const activity = Deferred.await(opening).pipe(
        Effect.flatMap((connection) => work.walk({ ...order, connection, permits, gate, continuity, report })),
        Effect.catchCause((cause) => this.#walkFailed(jobId, walk.run, cause)),
      );
      const fiber = yield* Effect.forkIn(activity, this.#scope);
      const running: RunningWalk = { run: walk.run, fiber, permits, given: 0 };
      this.#walks.set(jobId, running);
      return running;
    });
  }

  /** A walk that breaks is a bad answer: tried again, and given up if it goes on. */
  #walkFailed(jobId: JobId, run: string, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      if (Cause.hasInterruptsOnly(cause)) return;
      const { log, instanceId, report } = this.#setting;
      log.error({ instanceId, jobId, cause: Cause.pretty(cause) }, 'A walk broke.');
      const failure = new BadAnswer({ message: 'Reading broke on what came; the log says how.', raw: null });
      report({ type: 'requestFailed', jobId, run, failure, shutGate: false, usedAt: yield* Clock.currentTimeMillis });
    });
  }

  #reconcileTimer(actors: InstanceActors): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const deadlines = deadlinesOf(actors);
      const at = deadlines.length === 0 ? null : Math.min(...deadlines.map((deadline) => deadline.at));
      if (this.#timer?.at === at) return;
      if (this.#timer !== null) {
        const { fiber } = this.#timer;
        this.#timer = null;
        yield* Fiber.interrupt(fiber);
      }
      if (at === null) return;
      const ring = Effect.gen({ self: this }, function* () {
        yield* sleepUntil(at);
        this.#timer = null;
        this.#setting.due(
          deadlines
            .filter((deadline) => deadline.at <= at)
            .map(({ actor }) => ({ to: actor, event: { type: 'timerDue' } })),
        );
      });
      const fiber = yield* Effect.forkIn(ring, this.#scope, { startImmediately: false });
      this.#timer = { at, fiber };
    });
  }
}

/** The vault, with a bell that rings when something pushed was kept. */
const ringing = (vault: SessionVault, arrivals: Queue.Queue<void>): SessionVault => ({
  ...vault,
  write: (change) =>
    Effect.tap(vault.write(change), () => (change.pushed.length > 0 ? Queue.offer(arrivals, undefined) : Effect.void)),
});

const sleepUntil = (at: number): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(Math.max(0, at - now)));

const wantsWalk = (job: {
  readonly value: string;
  readonly context: { readonly permits: readonly number[] };
}): boolean => job.value === 'running' && job.context.permits.length > 0;

const deadlinesOf = (actors: InstanceActors): readonly { readonly actor: string; readonly at: number }[] => [
  ...deadlineOf('instance', instanceActor.deadline(actors.supervisor)),
  ...deadlineOf('rate-limit', rateLimitActor.deadline(actors.limiter)),
  ...[...actors.jobs].flatMap(([jobId, job]) => (isFinished(job) ? [] : deadlineOf(jobId, syncJobActor.deadline(job)))),
];

const deadlineOf = (actor: string, at: number | null) => (at === null ? [] : [{ actor, at }]);
