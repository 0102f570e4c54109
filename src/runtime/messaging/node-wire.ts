import type { Effect, Scope } from 'effect';
import type { InstanceId } from '../../domain/ids.ts';
import type { PairingOffer } from '../../domain/pairing.ts';
import type { ActorSummary, ActorTree } from './inspection.ts';

/** What a node answers about the instances that live on it. */
export interface LocalInspection {
  readonly actors: () => readonly ActorSummary[];
  /** Null: it does not live here. */
  readonly actor: (instanceId: InstanceId) => ActorTree | null;
  /** What a person must be shown to pair it; null: nothing, or it does not live here. */
  readonly pairing: (instanceId: InstanceId) => PairingOffer | null;
}

/**
 * Questions between nodes, so that any of them can answer for all. Nobody waits longer than a second: who does not
 * answer by then is shown from its rows.
 */
export interface NodeWire {
  /** Answers the others' questions until the scope closes. */
  readonly serve: (local: LocalInspection) => Effect.Effect<void, never, Scope.Scope>;
  /** From the node on which the instance lives; null: no answer within a second. */
  readonly askActor: (instanceId: InstanceId) => Effect.Effect<ActorTree | null>;
  /** From the node on which it waits to be paired; null: none says so within a second. */
  readonly askPairing: (instanceId: InstanceId) => Effect.Effect<PairingOffer | null>;
  /** From every node that answers within a second. */
  readonly askActors: Effect.Effect<readonly ActorSummary[]>;
}
