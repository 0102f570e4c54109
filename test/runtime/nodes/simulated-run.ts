import { Chance } from '../../simulators/discord/chance.ts';
import type { MemoryRuntimeStore } from '../memory-runtime-store.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedNode } from './simulated-node.ts';

export interface SimulatedPlan {
  /** Everything follows from it. */
  readonly seed: number;
  readonly nodes: number;
  readonly instances: number;
  readonly deeds: number;
}

const LONGEST_PAUSE_MS = 5_000;
const LONGEST_HARM_MS = 40_000;

/** Something that happens to a cluster; what it breaks heals by itself after a while of simulated time. */
type Deed = (cluster: SimulatedCluster, chance: Chance) => void;

const oneOf = <A>(all: readonly A[], chance: Chance): A => all[chance.below(all.length)] as A;

const during = (cluster: SimulatedCluster, chance: Chance, undo: () => void): void => {
  const until = cluster.clock.now() + chance.below(LONGEST_HARM_MS);
  cluster.heals.push({ until, undo });
};

const toNode =
  (harm: (node: SimulatedNode) => () => void): Deed =>
  (cluster, chance) =>
    during(cluster, chance, harm(oneOf(cluster.alive, chance)));

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
  during(cluster, chance, () => {
    cluster.isDatabaseAway = false;
  });
};

const mailboxAway: Deed = (cluster, chance) => {
  cluster.mailbox.isAway = true;
  during(cluster, chance, () => {
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

const DEEDS: readonly Deed[] = [
  sync,
  sync,
  sync,
  post,
  post,
  post,
  cancel,
  freeze,
  freeze,
  reach('cut'),
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
export const runSimulated = async ({ seed, nodes, instances, deeds }: SimulatedPlan): Promise<SimulatedOutcome> => {
  const chance = new Chance(seed);
  const cluster = new SimulatedCluster(chance, instances);
  const startedAt = cluster.clock.now();
  for (let node = 0; node < nodes; node++) cluster.join();
  for (const id of cluster.ids) cluster.submit(id, { type: 'connect' });
  await cluster.wait(3_000);
  for (let deed = 0; deed < deeds; deed++) {
    oneOf(DEEDS, chance)(cluster, chance);
    await cluster.wait(chance.below(LONGEST_PAUSE_MS));
  }
  await cluster.heal();
  await cluster.close();
  return {
    problems: cluster.problems,
    simulatedMs: cluster.clock.now() - startedAt,
    takeovers: cluster.partitions.claims,
    commands: total(cluster, ({ accepted }) => accepted),
    jobs: total(cluster, ({ jobIds }) => jobIds.length),
  };
};
