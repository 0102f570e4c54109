import type { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';

/** What waits in the tables. */
export interface Backlog {
  /** Commands accepted and not yet run. */
  readonly openCommands: number;
  /** Events committed and not yet published. */
  readonly unsentEvents: number;
  /** Partitions, of all, that no node with a living lease owns. */
  readonly unowned: number;
}

/** Of these partitions, commands and events. */
export type BacklogStore = (partitions: readonly number[]) => Effect.Effect<Backlog, StoreUnavailable>;
