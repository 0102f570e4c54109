import { expect, test } from 'vitest';
import { runClusterChaos } from './cluster-run.ts';

// `npm run chaos -- --nodes` does the same with more harm, and as often as one likes.
test('a cluster to which harm is done loses nothing, doubles nothing, and does nothing twice', {
  timeout: 600_000,
}, async () => {
  const options = { seed: Date.now() % 1_000_000, nodes: 2, harms: 4, instances: 4, messages: 200 };
  console.info(`seed ${options.seed}`);
  const { problems } = await runClusterChaos(options);
  expect(problems).toEqual([]);
});
