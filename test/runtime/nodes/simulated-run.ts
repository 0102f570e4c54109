import { Chance } from '../../simulators/discord/chance.ts';
import type { MemoryRuntimeStore } from '../memory-runtime-store.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedNode, Weakness } from './simulated-node.ts';

export interface SimulatedPlan {
  /** Everything follows from it. */
  readonly seed: number;
  readonly nodes: number;
  readonly instances: number;
  readonly deeds: number;
  readonly weakness?: Weakness | null;
}

const LONGEST_PAUSE_MS = 5_000;
const SHARE_AT_WORK = 0.8;
/** A lease lasts 10 s: most harm outlives it, and the next owner is at work when it is over. */
const SHORT_HARM_MS = 10_000;
const LONG_HARM_MS = 30_000;
const SHARE_OF_SHORT = 0.25;
const LONGEST_OUTAGE_MS = 15_000;
/** How often harm is done to a node that has something to do. */
const SHARE_OF_BUSY = 0.8;

/** Something that happens to a cluster; what it breaks heals by itself after a while of simulated time. */
type Deed = (cluster: SimulatedCluster, chance: Chance) => void;

const oneOf = <A>(all: readonly A[], chance: Chance): A => all[chance.below(all.length)] as A;

const harmMs = (chance: Chance): number =>
  chance.next() < SHARE_OF_SHORT
    ? chance.below(SHORT_HARM_MS)
    : SHORT_HARM_MS + chance.below(LONG_HARM_MS - SHORT_HARM_MS);

const during = (cluster: SimulatedCluster, ms: number, undo: () => void): void => {
  cluster.heals.push({ until: cluster.clock.now() + ms, undo });
};

const victim = (cluster: SimulatedCluster, chance: Chance): SimulatedNode => {
  const busy = cluster.alive.filter((node) => cluster.isBusy(node));
  return oneOf(busy.length > 0 && chance.next() < SHARE_OF_BUSY ? busy : cluster.alive, chance);
};

const toNode =
  (harm: (node: SimulatedNode) => () => void): Deed =>
  (cluster, chance) =>
    during(cluster, harmMs(chance), harm(victim(cluster, chance)));

const freeze = toNode((node) => {
  node.clock.halt();
  return () => {
    if (!node.isDead) node.clock.letGo();
  };
});

const reach = (how: 'cut' | 'stalled'): Deed =>
  toNode((node) => {
    node.reach = how;
    return () => {
      node.reach = 'open';
    };
  });

const kill: Deed = (cluster, chance) => {
  oneOf(cluster.alive, chance).kill();
  cluster.join();
};

const end: Deed = (cluster, chance) => {
  const node = oneOf(cluster.alive, chance);
  if (node.isEnding) return;
  void node.end();
  cluster.join();
};

const databaseAway: Deed = (cluster, chance) => {
  cluster.isDatabaseAway = true;
  during(cluster, chance.below(LONGEST_OUTAGE_MS), () => {
    cluster.isDatabaseAway = false;
  });
};

const mailboxAway: Deed = (cluster, chance) => {
  cluster.mailbox.isAway = true;
  during(cluster, chance.below(LONGEST_OUTAGE_MS), () => {
    cluster.mailbox.isAway = false;
  });
};

const post: Deed = (cluster, chance) => {
  const platform = cluster.platformOf(oneOf(cluster.ids, chance));
  platform.post(oneOf(platform.conversations, chance), cluster.clock.now());
};

const cancel: Deed = (cluster, chance) => {
  const id = oneOf(cluster.ids, chance);
  const jobId = cluster.instances.get(id)?.jobIds.at(-1);
  if (jobId !== undefined) cluster.submit(id, { type: 'cancelSync', jobId });
};

const sync: Deed = (cluster, chance) => cluster.sync(oneOf(cluster.ids, chance));

/** Trouble that finds nobody at work proves nothing: whoever is idle is mostly asked for everything again. */
const keepBusy: Deed = (cluster, chance) => {
  for (const id of cluster.ids) if (cluster.isQuiet(id) && chance.next() < SHARE_AT_WORK) cluster.sync(id);
};

/** Changes nothing where it is connected, and is a command like any other. */
const connect: Deed = (cluster, chance) => cluster.submit(oneOf(cluster.ids, chance), { type: 'connect' });

const DEEDS: readonly Deed[] = [
  sync,
  connect,
  connect,
  connect,
  post,
  post,
  cancel,
  freeze,
  freeze,
  freeze,
  reach('cut'),
  reach('stalled'),
  reach('stalled'),
  reach('stalled'),
  kill,
  end,
  databaseAway,
  mailboxAway,
];

export interface SimulatedOutcome {
  /** Everything that was seen and must not be. */
  readonly problems: readonly string[];
  readonly simulatedMs: number;
  /** How often a partition got an owner. */
  readonly takeovers: number;
  readonly commands: number;
  readonly jobs: number;
}

const total = (cluster: SimulatedCluster, figure: (store: MemoryRuntimeStore) => number): number =>
  [...cluster.instances.values()].reduce((sum, store) => sum + figure(store), 0);

/** Runs the plan that follows from the seed. */
export const runSimulated = async (plan: SimulatedPlan): Promise<SimulatedOutcome> => {
  const { seed, nodes, instances, deeds, weakness = null } = plan;
  const chance = new Chance(seed);
  const cluster = new SimulatedCluster(chance, instances, weakness);
  const startedAt = cluster.clock.now();
  for (let node = 0; node < nodes; node++) cluster.join();
  for (const id of cluster.ids) cluster.submit(id, { type: 'connect' });
  await cluster.wait(3_000);
  // Once something is wrong the run is over: what follows from it proves nothing more.
  for (let deed = 0; deed < deeds && cluster.problems.length === 0; deed++) {
    keepBusy(cluster, chance);
    oneOf(DEEDS, chance)(cluster, chance);
    await cluster.wait(chance.below(LONGEST_PAUSE_MS));
  }
  if (cluster.problems.length === 0) await cluster.heal();
  await cluster.close();
  return {
    problems: cluster.problems,
    simulatedMs: cluster.clock.now() - startedAt,
    takeovers: cluster.partitions.claims,
    commands: total(cluster, ({ accepted }) => accepted),
    jobs: total(cluster, ({ jobIds }) => jobIds.length),
  };
};
