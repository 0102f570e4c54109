import { Chance } from '../simulators/discord/chance.ts';

/** One instant at which the service dies. */
export interface Kill {
  /** The platform has just decided its answer to the n-th request of this process, and has not sent it yet. */
  readonly request: number;
  /** How much longer the process lives, ms: 0 kills before the answer, a little more while the page is stored. */
  readonly delayMs: number;
  /** Whether it is told to end (SIGTERM) at that instant, and killed while it finishes what is under way. */
  readonly drains: boolean;
}

/** No kill comes later than this share of the pages that there are, so that none finds the job done. */
const SHARE = 0.9;
const LONGEST_DELAY_MS = 40;

/**
 * Instants named by progress, not by the clock, so that a plan can be run again. Between two kills lies a random
 * share of the work, often only the first request of a connection: the restart itself is killed too.
 */
export const killPlan = (seed: number, kills: number, pages: number): readonly Kill[] => {
  const chance = new Chance(seed);
  const budget = Math.floor(pages * SHARE);
  const cuts = Array.from({ length: kills }, () => chance.below(budget + 1)).sort((a, b) => a - b);
  return cuts.map((cut, index) => ({
    request: 1 + cut - (cuts[index - 1] ?? 0),
    delayMs: chance.next() < 0.3 ? 0 : chance.below(LONGEST_DELAY_MS),
    drains: chance.next() < 0.15,
  }));
};
