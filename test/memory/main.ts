import { startPostgres } from '../servers/postgres.ts';
import { type Measured, runMemory } from './memory-run.ts';

/** `npm run memory`: whether the service's memory stays flat while it syncs a million messages into PostgreSQL. */

const FEW = 10_000;
const MANY = 1_000_000;
const MOST_GROWTH_BYTES = 100_000_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;

const describe = ({ messages, job, peakBytes, tookMs }: Measured): string =>
  `${messages} messages: ${job.status}, ${job.progress.stored} stored, ${Math.round((messages * 1000) / tookMs)} per second; ` +
  `at most ${megabytes(peakBytes)} resident`;

const run = async (): Promise<boolean> => {
  const server = await startPostgres();
  const all: Measured[] = [];
  try {
    await runMemory({
      databaseUrl: await server.freshDatabase(),
      sizes: [FEW, MANY],
      measured: (measured) => {
        all.push(measured);
        say(describe(measured));
      },
    });
  } finally {
    await server.stop();
  }
  const [few, many] = all;
  const isComplete = all.every(({ job, messages }) => job.status === 'completed' && job.progress.stored === messages);
  const growth = (many?.peakBytes ?? Number.NaN) - (few?.peakBytes ?? Number.NaN);
  say(`The resident set grew by ${megabytes(growth)} (at most ${megabytes(MOST_GROWTH_BYTES)} is right).`);
  return isComplete && growth <= MOST_GROWTH_BYTES;
};

if (!(await run())) process.exitCode = 1;
