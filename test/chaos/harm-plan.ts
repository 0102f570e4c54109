import { BLOWS, POINTS, type Strike, strikeAt } from '../harness/faults/strike.ts';
import { Chance } from '../simulators/discord/chance.ts';

/** What can be done to one node; it goes on for `forMs`, or until a new process has taken the place of the old. */
const HARMS_OF_NODES = [
  'kill',
  'end',
  'freeze',
  'cut from PostgreSQL',
  'stall to PostgreSQL',
  'cut from NATS',
  'stall to NATS',
  'cut from Discord',
  'strike',
] as const;

/** What can be done to what all nodes stand on. */
export const HARMS_OF_SERVERS = ['crash PostgreSQL', 'crash NATS', 'restart NATS', 'delete streams'] as const;

export type HarmOfNode = (typeof HARMS_OF_NODES)[number];
export type HarmOfServer = (typeof HARMS_OF_SERVERS)[number];

export interface Harm {
  /** It comes so many requests of the platform after the one before it. */
  readonly afterRequests: number;
  readonly kind: HarmOfNode | HarmOfServer;
  /** Which node; of no meaning for servers. */
  readonly node: number;
  readonly forMs: number;
  /** Of a strike: where, how, and at which visit of the point. */
  readonly strike: Strike;
}

/** Half of them are over before a lease is, half of them outlive it. */
const SHORT_MS = 6_000;
const LONG_MS = 18_000;
const SHARE_OF_SERVERS = 0.25;
const MOST_REQUESTS_BETWEEN = 120;
const LATEST_VISIT = 20;

/** One that ends the process at its visit of a point, freezes it there, or makes what it does fail. */
const strikeOf = (chance: Chance): Strike => {
  const [point, nth] = [chance.pick(POINTS), 1 + chance.below(LATEST_VISIT)];
  return strikeAt(point, chance.pick(BLOWS), point === 'takeover' || point === 'release' ? 1 : nth);
};

/** Follows from the seed. A harm may begin before the one before it is over. */
export const harmPlan = (seed: number, harms: number, nodes: number): readonly Harm[] => {
  const chance = new Chance(seed);
  return Array.from({ length: harms }, () => ({
    afterRequests: 1 + chance.below(MOST_REQUESTS_BETWEEN),
    kind: chance.next() < SHARE_OF_SERVERS ? chance.pick(HARMS_OF_SERVERS) : chance.pick(HARMS_OF_NODES),
    node: chance.below(nodes),
    forMs: chance.next() < 0.5 ? chance.below(SHORT_MS) : SHORT_MS + chance.below(LONG_MS - SHORT_MS),
    strike: strikeOf(chance),
  }));
};
