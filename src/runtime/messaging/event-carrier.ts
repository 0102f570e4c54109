import { Data, type Effect } from 'effect';
import type { OutboxEvent } from '../../domain/event.ts';
import type { EventFeed } from './event-feed.ts';

/** The carrier does not take events at the moment; the outbox keeps them. */
export class CarrierUnavailable extends Data.TaggedError('CarrierUnavailable')<{ readonly cause: unknown }> {}

/**
 * Takes committed events from the outbox out into the world, and brings those of every node to this one's live
 * streams. Every driver passes `test/contract/carrier-contract.ts`.
 */
export interface EventCarrier extends EventFeed {
  /**
   * Succeeds once every event is carried, in this order. An event may be published again after a crash: its
   * `id` says that it is the same one.
   */
  readonly publish: (events: readonly OutboxEvent[]) => Effect.Effect<void, CarrierUnavailable>;
}
