import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { Effect, Latch, Queue, type Scope } from 'effect';
import type { Log } from '../domain/log.ts';
import { fateOf, NatsAway } from './failure-fate.ts';
import { NatsRefused } from './nats-refused.ts';
import { guardSocket } from './socket-guard.ts';

/** A connection that is up, with its JetStream. */
export interface NatsSession {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
}

/**
 * Makes what a session needs ready: rejects with what fails. Run at every connection, and when something is missing.
 */
export type Prepare = (session: NatsSession) => Promise<void>;

interface Listener {
  readonly subject: string;
  readonly onMessage: (message: Msg) => void;
}

/** Between two attempts to reach NATS, or to get its streams ready. */
const TRY_AGAIN_AFTER_MS = 500;

/** What nats-server takes unless it is told otherwise. */
const USUAL_MAX_PAYLOAD = 1024 * 1024;

/** One connection to NATS, kept for as long as its scope is open, however often it is lost. */
export class NatsLink {
  readonly #options: ConnectionOptions;
  readonly #prepare: Prepare;
  readonly #log: Log;
  readonly #ready = Latch.makeUnsafe(false);
  readonly #lost = Latch.makeUnsafe(true);
  /** There is something to look after: a new connection, a missing stream. */
  readonly #wakeUps = Effect.runSync(Queue.sliding<void>(1));
  readonly #listeners = new Map<Listener, () => void>();
  #session: NatsSession | null = null;
  #state: 'away' | 'connected' | 'ready' | 'closed' = 'away';
  #lastFailure: string | null = null;

  private constructor(options: ConnectionOptions, prepare: Prepare, log: Log) {
    this.#options = options;
    this.#prepare = prepare;
    this.#log = log;
  }

  /**
   * Connects. A NATS that does not answer is no reason not to start, since it only carries: it is tried in the
   * background. One that refuses us is.
   */
  static open(
    options: ConnectionOptions,
    prepare: Prepare,
    log: Log,
  ): Effect.Effect<NatsLink, NatsRefused, Scope.Scope> {
    return Effect.gen(function* () {
      const link = new NatsLink(options, prepare, log);
      yield* Effect.addFinalizer(() => Effect.promise(() => link.#close()));
      const first = yield* Effect.result(link.#attempt);
      if (first._tag === 'Failure') {
        if (first.failure instanceof NatsRefused) return yield* first.failure;
        link.#say(first.failure);
        link.#wake();
      }
      yield* Effect.forkScoped(link.#keep);
      return link;
    });
  }

  /** Null while NATS is away: whoever has something to send keeps it or drops it, but does not queue it here. */
  get session(): NatsSession | null {
    return this.#state === 'ready' ? this.#session : null;
  }

  /** Bytes that a message may have. */
  get maxPayload(): number {
    return this.#session?.connection.info?.max_payload ?? USUAL_MAX_PAYLOAD;
  }

  /** Waits until NATS is there and its streams are as they should be. */
  get up(): Effect.Effect<NatsSession> {
    return Effect.flatMap(this.#ready.await, () => {
      const { session } = this;
      return session === null ? this.up : Effect.succeed(session);
    });
  }

  /** Waits until the connection is lost. */
  get lost(): Effect.Effect<void> {
    return this.#lost.await;
  }

  /**
   * Calls `onMessage` for each message from now on, through every reconnection, until the returned function is called.
   */
  subscribe(subject: string, onMessage: (message: Msg) => void): () => void {
    const listener = { subject, onMessage };
    this.#listeners.set(listener, this.#listen(listener));
    return () => {
      this.#listeners.get(listener)?.();
      this.#listeners.delete(listener);
    };
  }

  /** Says that something is not there: the streams are looked after, and created if need be. */
  repair(): void {
    this.#wake();
  }

  #wake(): void {
    Queue.offerUnsafe(this.#wakeUps, undefined);
  }

  get #keep(): Effect.Effect<never> {
    const rest = Effect.sync(() => this.#wake()).pipe(Effect.delay(TRY_AGAIN_AFTER_MS));
    const failed = (failure: NatsAway | NatsRefused) =>
      Effect.andThen(
        Effect.sync(() => this.#say(failure)),
        rest,
      );
    return Effect.forever(Effect.andThen(Queue.take(this.#wakeUps), Effect.catch(this.#attempt, failed)));
  }

  get #attempt(): Effect.Effect<void, NatsAway | NatsRefused> {
    return Effect.tryPromise({ try: () => this.#getReady(), catch: fateOf });
  }

  async #getReady(): Promise<void> {
    this.#session ??= await this.#connect();
    if (this.#state === 'away') return;
    await this.#prepare(this.#session);
    if (this.#state === 'connected') this.#becomeReady();
  }

  async #connect(): Promise<NatsSession> {
    const connection = await connect(this.#options);
    if (this.#state === 'closed') {
      await connection.close();
      throw new NatsAway('closed');
    }
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const session = { connection, manager, stream: jetstream(connection) };
    this.#state = 'connected';
    guardSocket(connection);
    void this.#watch(connection);
    this.#session = session;
    for (const listener of this.#listeners.keys()) this.#listeners.set(listener, this.#listen(listener));
    return session;
  }

  /** What the client tells of its connection. It reconnects by itself, for ever. */
  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#becomeAway();
      if (status.type === 'reconnect') this.#reconnected(connection);
      if (status.type === 'error') this.#log.warn({ error: status.error.message }, 'NATS answered with an error.');
    }
    if (this.#state === 'closed') return;
    // Only what the client holds to be beyond repair closes it: it begins anew.
    this.#becomeAway();
    this.#session = null;
    this.#wake();
  }

  #reconnected(connection: NatsConnection): void {
    guardSocket(connection);
    if (this.#state === 'away') this.#state = 'connected';
    this.#wake();
  }

  #listen({ subject, onMessage }: Listener): () => void {
    const subscription = this.#session?.connection.subscribe(subject, {
      callback: (error, message) => (error === null ? this.#hand(message, onMessage) : this.#say(fateOf(error))),
    });
    return () => subscription?.unsubscribe();
  }

  /** The client reads no further when a callback throws. */
  #hand(message: Msg, onMessage: Listener['onMessage']): void {
    try {
      onMessage(message);
    } catch (error) {
      this.#log.warn({ subject: message.subject, error }, 'A message from NATS could not be worked on.');
    }
  }

  #becomeReady(): void {
    this.#state = 'ready';
    this.#lastFailure = null;
    this.#lost.closeUnsafe();
    this.#ready.openUnsafe();
    this.#log.info({ server: this.#session?.connection.getServer() }, 'Connected to NATS.');
  }

  #becomeAway(): void {
    if (this.#state === 'closed' || this.#state === 'away') return;
    this.#state = 'away';
    this.#ready.closeUnsafe();
    this.#lost.openUnsafe();
    this.#log.warn({}, 'NATS is away: commands and events wait in the database until it is back.');
  }

  /** Once for each reason, not once for each attempt. */
  #say(failure: NatsAway | NatsRefused): void {
    if (failure.message === this.#lastFailure) return;
    this.#lastFailure = failure.message;
    if (failure instanceof NatsRefused) this.#log.error({}, failure.message);
    else this.#log.warn({ reason: failure.message }, 'NATS does not answer; trying until it does.');
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    // Whoever still waits waits for what will not come.
    this.#ready.closeUnsafe();
    await this.#session?.connection.close();
  }
}
