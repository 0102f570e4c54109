import { expect, test } from 'vitest';
import { SEED } from '../../machines/seed.ts';
import { runSimulated } from './simulated-run.ts';

const RUNS = 20;

// `npm run chaos -- --simulated` does the same with as many seeds as one likes.
test(`several nodes under arbitrary trouble lose nothing and do nothing twice (TEST_SEED=${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const { problems } = await runSimulated({ seed, nodes: 3, instances: 6, deeds: 35 });
    expect(problems, `seed ${seed}`).toEqual([]);
  }
});
