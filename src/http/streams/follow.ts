import type { Log } from '../../domain/log.ts';
import { createBell } from './bell.ts';
import { type EventStream, HEARTBEAT_MS } from './event-stream.ts';

/** What keeps a stream fed. */
export interface Source {
  /** Calls `wake` whenever there may be something new, until the returned function is called. */
  readonly subscribe: (wake: () => void) => () => void;
  /**
   * Sends the next batch. `more`: ask again at once. `idle`: ask again when woken, or after a heartbeat in case
   * a wake was lost. `over`: nothing will ever come again.
   */
  readonly advance: (stream: EventStream) => Promise<'more' | 'idle' | 'over'>;
  /** The shortest time between two batches; 0: as they come. */
  readonly everyMs: number;
}

/**
 * Feeds a stream until its source is over or its reader gone. One batch at a time, and none while the reader is
 * behind: a slow reader is skipped ahead or catches up from the store, but never fills our memory.
 */
export const follow = async (stream: EventStream, source: Source, log: Log): Promise<void> => {
  const bell = createBell();
  const unsubscribe = source.subscribe(bell.ring);
  stream.closed.addEventListener('abort', bell.ring, { once: true });
  try {
    for (
      let next = await source.advance(stream);
      next !== 'over' && !stream.closed.aborted;
      next = await source.advance(stream)
    ) {
      if (next === 'idle') await bell.wait(HEARTBEAT_MS);
      if (source.everyMs > 0) await pause(source.everyMs, stream.closed);
      await stream.drained();
      if (stream.closed.aborted) break;
    }
  } catch (error) {
    log.debug({ error }, 'A live stream was cut off; its reader resumes with Last-Event-ID.');
  } finally {
    unsubscribe();
    stream.end();
  }
};

const pause = (ms: number, closed: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (closed.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      closed.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    closed.addEventListener('abort', done);
  });
