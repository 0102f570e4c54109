import type { Schema } from 'effect';
import type { AnyStateMachine, SnapshotFrom } from 'xstate';

/** What the runtime must know of a machine to run it, persist it and restore it. */
export interface ActorDefinition<Machine extends AnyStateMachine = AnyStateMachine> {
  /** Persisted with each snapshot; never reused for another machine. */
  readonly id: string;
  /** Rises when a snapshot of the version before can no longer be taken as it is. */
  readonly version: number;
  readonly machine: Machine;
  /** Checks a persisted context before a restore, since XState does not. */
  readonly context: Schema.Decoder<unknown>;
  /** Turns a context of an older version into one of this version; absent while there is only one. */
  readonly migrate?: (context: unknown, fromVersion: number) => unknown;
  /** The instant (ms) at which the actor wants a `timerDue`; null: none. */
  readonly deadline: (snapshot: SnapshotFrom<Machine>) => number | null;
}
