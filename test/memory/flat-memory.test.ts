import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { type Measured, runMemory } from './memory-run.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(() => server?.stop());

// `npm run memory` does the same with 1,000,000 messages.
test('ten times the messages need no more memory', { timeout: 480_000 }, async () => {
  const measured: Measured[] = [];
  await runMemory({
    databaseUrl: await server.freshDatabase(),
    sizes: [10_000, 100_000],
    measured: (one) => measured.push(one),
  });
  expect(measured.map(({ job }) => job.progress.stored)).toEqual([10_000, 100_000]);
  const [few = 0, many = Number.POSITIVE_INFINITY] = measured.map(({ peakBytes }) => peakBytes);
  expect(many - few).toBeLessThan(100_000_000);
});
