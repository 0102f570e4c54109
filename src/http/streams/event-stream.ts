import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

export interface StreamEvent {
  /** What a client gives back as `Last-Event-ID`; absent where there is nothing to resume from. */
  readonly id?: string;
  readonly name: string;
  readonly data: unknown;
}

/**
 * One open stream of server-sent events (WHATWG HTML, section 9.2). Whoever sends waits for `drained` between
 * batches, so that a slow reader costs at most one batch of memory.
 */
export interface EventStream {
  readonly send: (event: StreamEvent) => void;
  /**
   * Resolves when the reader has taken what was sent, or the stream is closed. A reader that takes nothing is cut off.
   */
  readonly drained: () => Promise<void>;
  readonly end: () => void;
  /** Aborted when the stream is over, whoever ended it. */
  readonly closed: AbortSignal;
}

export const HEARTBEAT_MS = 15_000;
const STALLED_MS = 30_000;
const RETRY_MS = 2_000;

export const openEventStream = (
  response: ServerResponse,
  heartbeatMs = HEARTBEAT_MS,
  stalledMs = STALLED_MS,
): EventStream => {
  const over = new AbortController();
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
    // A stream that ends takes its connection along: nothing is left for a shutdown to wait for.
    connection: 'close',
  });
  response.write(`retry: ${RETRY_MS}\n\n`);
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': heartbeat\n\n');
  }, heartbeatMs);
  let farewell: NodeJS.Timeout | undefined;
  const finish = (): void => {
    clearInterval(heartbeat);
    clearTimeout(farewell);
    over.abort();
  };
  response.once('close', finish);
  // The reader may have left while its request was being looked at: then `close` has already been.
  if (response.destroyed || response.socket?.destroyed !== false) finish();
  // A reader that went away is told by `close`; the error says nothing more.
  response.on('error', () => {});
  return {
    closed: over.signal,
    send: ({ id, name, data }) => {
      if (over.signal.aborted) return;
      response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    drained: async () => {
      if (!response.writableNeedDrain || over.signal.aborted) return;
      const patience = setTimeout(() => response.destroy(), stalledMs);
      await once(response, 'drain', { signal: over.signal }).catch(() => undefined);
      clearTimeout(patience);
    },
    end: () => {
      clearInterval(heartbeat);
      response.end();
      // A reader that does not take the rest would hold the connection for ever.
      if (!over.signal.aborted) farewell ??= setTimeout(() => response.destroy(), stalledMs);
    },
  };
};
