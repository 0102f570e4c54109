import { expect, test } from 'vitest';
import { SEED } from '../../machines/seed.ts';
import type { Weakness } from './simulated-node.ts';
import { runSimulated } from './simulated-run.ts';

/*
 * A check that finds nothing may see nothing. So each guarantee is taken away once, and the same runs have to notice:
 * each does in most of its runs, so that fewer than a few of these ten come about once in a thousand times.
 */

const RUNS = 10;
const LEAST_CAUGHT = 3;

const isCaught = async (seed: number, weakness: Weakness): Promise<boolean> => {
  const { problems } = await runSimulated({ seed, nodes: 3, instances: 6, deeds: 35, weakness });
  return problems.length > 0;
};

for (const weakness of ['no fence', 'endless trust', 'no order'] as const) {
  test(`several nodes with ${weakness} do not pass for sound (TEST_SEED=${SEED})`, { timeout: 360_000 }, async () => {
    let caught = 0;
    for (let seed = SEED; seed < SEED + RUNS && caught < LEAST_CAUGHT; seed++) {
      if (await isCaught(seed, weakness)) caught += 1;
    }
    expect(caught).toBe(LEAST_CAUGHT);
  });
}
