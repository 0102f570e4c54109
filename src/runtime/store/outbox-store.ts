import type { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { OutboxEvent } from '../../domain/event.ts';
import type { JobId } from '../../domain/ids.ts';

/** Committed events on their way to the world. */
export interface OutboxStore {
  /** Unsent events of the instances of these partitions, in order of id. */
  readonly unsent: (
    partitions: readonly number[],
    limit: number,
  ) => Effect.Effect<readonly OutboxEvent[], StoreUnavailable>;
  readonly markSent: (ids: readonly number[], at: number) => Effect.Effect<void, StoreUnavailable>;
  /** Events of one job after `id`, whether sent or not: what a live stream missed. */
  readonly since: (
    jobId: JobId,
    afterId: number,
    limit: number,
  ) => Effect.Effect<readonly OutboxEvent[], StoreUnavailable>;
}
