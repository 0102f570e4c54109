import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Source } from './letter-source.ts';

export interface StartedSource {
  readonly begin: () => void;
  /** Resolves once all are sent, and rejects when the thread broke. */
  readonly ended: Promise<unknown>;
}

/** A thread that is connected and has its letters ready. */
export const startSource = async (source: Source): Promise<StartedSource> => {
  const worker = new Worker(new URL('./letter-source.ts', import.meta.url), { workerData: source });
  const ended = once(worker, 'exit');
  await once(worker, 'message');
  return { begin: () => worker.postMessage('begin'), ended };
};
