import type { Effect } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Fence } from '../fence.ts';

/** Instances that are being removed: their rows go when their owner has put them down, or does not say so for long. */
export interface RemovalStore {
  /** Instances of these partitions that are being removed and not let go yet, and those of `living` that are gone. */
  readonly toLetGo: (
    partitions: readonly number[],
    living: readonly InstanceId[],
  ) => Effect.Effect<readonly InstanceId[], StoreUnavailable>;
  /** Nothing runs for them any more, says the holder of these fences. */
  readonly letGo: (fences: readonly Fence[], ids: readonly InstanceId[]) => Effect.Effect<void, StoreUnavailable>;
}
