import { expect, test } from 'vitest';
import { quietLibsignal } from '../../simulators/whatsapp/signal/quiet-libsignal.ts';
import { runWhatsAppChaos } from './run.ts';
import { problemsOf } from './verdict.ts';

// `npm run chaos -- --channel whatsapp` does the same with more kills, and on PostgreSQL.
test('a number that is killed while history is pushed and asked for holds what its phone has, and stays paired', {
  timeout: 400_000,
}, async () => {
  quietLibsignal();
  const options = { seed: Date.now() % 1_000_000, kills: 4, messages: 500, databaseUrl: null };
  console.info(`seed ${options.seed}`);
  const outcome = await runWhatsAppChaos(options);
  expect(problemsOf(outcome)).toEqual([]);
});
