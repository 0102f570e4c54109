import { Chance } from '../simulators/discord/chance.ts';

/** What can be done to one node; it goes on for `forMs`, or until a new process has taken the place of the old. */
export const HARMS_OF_NODES = [
  'kill',
  'end',
  'freeze',
  'cut from PostgreSQL',
  'stall to PostgreSQL',
  'cut from NATS',
  'stall to NATS',
  'cut from Discord',
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
}

/** Half of them are over before a lease is, half of them outlive it. */
const SHORT_MS = 6_000;
const LONG_MS = 18_000;
const SHARE_OF_SERVERS = 0.25;
const MOST_REQUESTS_BETWEEN = 120;

/** Follows from the seed. A harm may begin before the one before it is over. */
export const harmPlan = (seed: number, harms: number, nodes: number): readonly Harm[] => {
  const chance = new Chance(seed);
  return Array.from({ length: harms }, () => ({
    afterRequests: 1 + chance.below(MOST_REQUESTS_BETWEEN),
    kind: chance.next() < SHARE_OF_SERVERS ? chance.pick(HARMS_OF_SERVERS) : chance.pick(HARMS_OF_NODES),
    node: chance.below(nodes),
    forMs: chance.next() < 0.5 ? chance.below(SHORT_MS) : SHORT_MS + chance.below(LONG_MS - SHORT_MS),
  }));
};
