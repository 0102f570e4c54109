import { Effect } from 'effect';
import type { OutboxEvent } from '../../domain/event.ts';
import type { EventCarrier } from './event-carrier.ts';

/** The carrier of a single process: whoever subscribes here is the world. */
export const inProcessCarrier = (): EventCarrier => {
  const subscribers = new Set<(event: OutboxEvent) => void>();
  return {
    publish: (events) =>
      Effect.sync(() => {
        for (const event of events) for (const tell of subscribers) tell(event);
      }),
    subscribe: (onEvent) => {
      subscribers.add(onEvent);
      return () => subscribers.delete(onEvent);
    },
  };
};
