import { Chance } from '../../simulators/discord/chance.ts';

/**
 * What the phone's side sees just before an instant at which the service dies:
 *
 * - `delivery`: a message left for the device, which decrypts it and saves what it tells;
 * - `historyReceipt`: pushed history was acknowledged, it is durable, and not yet stored;
 * - `download`: a file of history is fetched, its rows are next;
 * - `historyRequest`: a page was asked for, the answer is next;
 * - `live`: somebody writes just then;
 * - `stanza`: anything that the service says, such as the steps of a login.
 */
export type KillSight = 'delivery' | 'historyReceipt' | 'download' | 'historyRequest' | 'live' | 'stanza';

/** One instant at which the service dies. */
export interface Kill {
  readonly sight: KillSight;
  /** The n-th of its kind in this life of the process. */
  readonly nth: number;
  /** How much longer the process lives, ms; 0: it dies in the very turn of the sight. */
  readonly delayMs: number;
}

/** While history is pushed, and while it is asked for. */
export interface KillPlan {
  readonly whilePushed: readonly Kill[];
  readonly whileAsked: readonly Kill[];
}

type Weights = readonly (readonly [KillSight, number])[];

const PUSHED: Weights = [
  ['delivery', 4],
  ['historyReceipt', 3],
  ['download', 3],
  ['stanza', 1],
];
const ASKED: Weights = [
  ['historyRequest', 3],
  ['delivery', 3],
  ['download', 3],
  ['live', 4],
  ['stanza', 1],
];

/** How long what follows a sight takes at most, ms: a kill lies in it, or a little behind. */
const WINDOW_MS: Readonly<Record<KillSight, number>> = {
  delivery: 40,
  historyReceipt: 120,
  download: 120,
  historyRequest: 60,
  live: 80,
  stanza: 100,
};
/** So many sights of a kind there are in every life that lasts. */
const MOST_SIGHTS = 3;
const SHARE_WITHOUT_DELAY = 0.15;

const draw = (chance: Chance, weights: Weights): Kill => {
  const tickets = weights.flatMap(([sight, weight]) => Array.from({ length: weight }, () => sight));
  const sight = tickets[chance.below(tickets.length)] ?? 'stanza';
  const nth = 1 + chance.below(sight === 'stanza' ? 20 : MOST_SIGHTS);
  return { sight, nth, delayMs: chance.next() < SHARE_WITHOUT_DELAY ? 0 : chance.next() * WINDOW_MS[sight] };
};

/**
 * Follows from the seed. A little more than half of the kills strike while history is pushed, which comes only once.
 */
export const killPlan = (seed: number, kills: number): KillPlan => {
  const chance = new Chance(seed);
  const pushed = Math.ceil(kills * 0.55);
  return {
    whilePushed: Array.from({ length: pushed }, () => draw(chance, PUSHED)),
    whileAsked: Array.from({ length: kills - pushed }, () => draw(chance, ASKED)),
  };
};
