import type { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { Settings } from '../../domain/settings.ts';

/** Deletes what retention no longer keeps, a bounded batch at a time; returns how many rows went. */
export interface Retention {
  readonly sweep: (settings: Settings, now: number) => Effect.Effect<number, StoreUnavailable>;
}
