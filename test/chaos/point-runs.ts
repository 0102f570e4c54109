import { BLOWS, POINTS, type Strike, strikeAt } from '../harness/faults/strike.ts';
import { Chance } from '../simulators/discord/chance.ts';
import type { Values } from './command-line.ts';
import { loneGround, sharedGround, strikeOnce } from './point-run.ts';
import { type Report, seconds } from './report.ts';

/** Longer than the lease of a node that has company; longer than a transaction may idle for one that is alone. */
const FROZEN_MS = { lone: 4_000, shared: 14_000 } as const;
const LATEST = 4;

/** As many runs as there are ways strike at every point in every way. */
const strikeOf = (seed: number): Strike => {
  const point = POINTS[seed % POINTS.length] ?? POINTS[0];
  const blow = BLOWS[Math.floor(seed / POINTS.length) % BLOWS.length] ?? BLOWS[0];
  const isOnce = point === 'takeover' || point === 'release';
  return strikeAt(point, blow, isOnce ? 1 : 1 + new Chance(seed).below(LATEST));
};

/** Runs in which one process is struck at one point of the protocol, each by its seed. */
export class PointRuns {
  readonly title: string;
  readonly arguments: string;
  readonly #isShared: boolean;

  constructor({ nodes }: Values) {
    this.#isShared = nodes > 0;
    this.title = `strikes at ${POINTS.length * BLOWS.length} points and ways on ${nodes > 0 ? 'two nodes' : 'one service'}`;
    this.arguments = `--points${nodes > 0 ? ' --nodes 2' : ''}`;
  }

  async run(seed: number): Promise<Report> {
    const startedAt = performance.now();
    const strike = strikeOf(seed);
    const ground = await (this.#isShared ? sharedGround(seed) : loneGround(seed));
    try {
      const problems = await strikeOnce(ground, strike, FROZEN_MS[this.#isShared ? 'shared' : 'lone']);
      const { point, blow, nth } = strike;
      return { line: `${blow} at ${point}, visit ${nth}; ${seconds(performance.now() - startedAt)}`, problems };
    } finally {
      await ground.close();
    }
  }

  async close(): Promise<void> {}
}
