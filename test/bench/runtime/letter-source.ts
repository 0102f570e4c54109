import { parentPort, workerData } from 'node:worker_threads';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { makeLetters, storeLetters } from './letters.ts';

/** What a source is started with: where it sends its letters, and how many. */
export interface Source {
  readonly natsUrl: string;
  /** What the subjects of the letters begin with. */
  readonly subject: string;
  readonly count: number;
}

/*
 * A thread of its own that sends letters as nodes do while others receive them: it says that it is ready, waits for the
 * word, and sends.
 */

const { natsUrl, subject, count } = workerData as Source;
const letters = makeLetters(count);
const connection = await connect({ servers: natsUrl });
parentPort?.once('message', async () => {
  await storeLetters(jetstream(connection), subject, letters);
  await connection.close();
});
parentPort?.postMessage('ready');
