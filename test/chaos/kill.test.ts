import { expect, test } from 'vitest';
import { runChaos } from './chaos-run.ts';
import { problemsOf } from './verdict.ts';

// `npm run chaos` does the same with more kills, and on PostgreSQL.
test('a job goes on by itself after every kill, and ends with each message stored once', {
  timeout: 400_000,
}, async () => {
  const options = { seed: Date.now() % 1_000_000, kills: 4, messages: 2_500, live: false, databaseUrl: null };
  console.info(`seed ${options.seed}`);
  const outcome = await runChaos(options);
  expect(problemsOf(outcome, options)).toEqual([]);
});
