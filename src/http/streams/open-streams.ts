import type { EventStream } from './event-stream.ts';

/** The streams that are open, so that a shutdown can end them all. */
export interface OpenStreams {
  /** Keeps a stream until it is over; after `endAll` it ends at once. */
  readonly add: (stream: EventStream) => void;
  readonly endAll: () => void;
}

export const createOpenStreams = (): OpenStreams => {
  const open = new Set<EventStream>();
  let ended = false;
  return {
    add: (stream) => {
      if (ended) return stream.end();
      open.add(stream);
      stream.closed.addEventListener('abort', () => open.delete(stream), { once: true });
    },
    endAll: () => {
      ended = true;
      for (const stream of open) stream.end();
    },
  };
};
