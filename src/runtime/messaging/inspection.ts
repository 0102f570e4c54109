import { type Effect, Schema } from 'effect';
import type { Refused, StoreUnavailable } from '../../domain/errors.ts';
import { InstanceId } from '../../domain/ids.ts';
import type { PairingOffer } from '../../domain/pairing.ts';

/** One transition of one actor, as kept in the trace of its instance (the last 200). */
export const TraceEntry = Schema.Struct({
  at: Schema.String,
  actor: Schema.String,
  event: Schema.String,
  from: Schema.String,
  to: Schema.String,
});
export type TraceEntry = typeof TraceEntry.Type;

/** An actor as it lives, or as its row says. The context never holds a secret: machines are never given one. */
export const ActorView = Schema.Struct({
  actor: Schema.String,
  machine: Schema.String,
  version: Schema.Number,
  state: Schema.String,
  context: Schema.Unknown,
});
export type ActorView = typeof ActorView.Type;

export const ActorSummary = Schema.Struct({
  instanceId: InstanceId,
  name: Schema.String,
  node: Schema.NullOr(Schema.String),
  partition: Schema.Number,
  epoch: Schema.NullOr(Schema.Number),
  state: Schema.String,
  rateLimit: Schema.String,
  jobs: Schema.Array(Schema.Struct({ jobId: Schema.String, state: Schema.String })),
  mailboxDepth: Schema.Number,
  /** True when shown from its rows, since the live actor did not answer or does not run. */
  stale: Schema.Boolean,
  /** Why the instance is parked, if a snapshot could not be restored. */
  parked: Schema.NullOr(Schema.String),
});
export type ActorSummary = typeof ActorSummary.Type;

/** The whole tree of one instance. */
export const ActorTree = Schema.Struct({
  ...ActorSummary.fields,
  supervisor: Schema.NullOr(ActorView),
  rateLimiter: Schema.NullOr(ActorView),
  /** Permits that could be given at this instant, and the instant (ISO) before which none is. */
  permits: Schema.NullOr(
    Schema.Struct({ messages: Schema.Number, contacts: Schema.Number, cooldownUntil: Schema.NullOr(Schema.String) }),
  ),
  jobActors: Schema.Array(ActorView),
  /** The activities that run: connection, walks, timer. */
  activities: Schema.Array(Schema.String),
  restarts: Schema.Number,
  lastSeq: Schema.Number,
  trace: Schema.Array(TraceEntry),
});
export type ActorTree = typeof ActorTree.Type;

/** Looking inside. An instance that does not answer in a second is shown from its rows, marked stale. */
export interface Inspector {
  readonly actors: Effect.Effect<readonly ActorSummary[], StoreUnavailable>;
  readonly actor: (instanceId: InstanceId) => Effect.Effect<ActorTree, Refused | StoreUnavailable>;
  /** What a person must be shown to pair an instance, wherever it lives; null: nothing now. */
  readonly pairing: (instanceId: InstanceId) => Effect.Effect<PairingOffer | null>;
  /** Calls `onStep` after each step of the instance until the returned function is called. */
  readonly watch: (instanceId: InstanceId, onStep: () => void) => () => void;
}
