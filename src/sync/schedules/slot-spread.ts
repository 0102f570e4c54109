import { fnv1a } from '../../domain/fnv.ts';
import type { InstanceId } from '../../domain/ids.ts';

/** A slot that is opened later than this was missed: nothing ran when it came. */
const LATE_MS = 60_000;

/**
 * How long after a slot its job of this instance begins, ms, in [0, windowMs): the same for every slot, and evenly
 * spread over instances.
 */
export const spreadOf = (instanceId: InstanceId, windowMs: number): number =>
  Math.floor((fnv1a(instanceId.toLowerCase()) / 2 ** 32) * windowMs);

/** What the spread is counted from: a missed slot, made up for later, must not start all its jobs at one instant. */
export const spreadFrom = (slotAt: number, openedAt: number): number =>
  openedAt - slotAt > LATE_MS ? openedAt : slotAt;
