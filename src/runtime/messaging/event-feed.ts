import type { OutboxEvent } from '../../domain/event.ts';

/** Committed events as they are published on this node. Delivery is at least once and in order of id per instance. */
export interface EventFeed {
  /** Calls `onEvent` for each event from now on until the returned function is called. Must not block. */
  readonly subscribe: (onEvent: (event: OutboxEvent) => void) => () => void;
}
