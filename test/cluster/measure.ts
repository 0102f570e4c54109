import { quantile } from '../bench/statistics.ts';
import { Cluster } from '../harness/cluster.ts';
import type { ClusterNode } from '../harness/cluster-node.ts';
import { eventually } from '../harness/eventually.ts';

export interface TakeoverPlan {
  readonly nodes: number;
  readonly instances: number;
}

/** How long the instances of one node were without a home. All in ms, from the signal on. */
export interface Takeover {
  readonly instances: number;
  /** When the last of them lived elsewhere. */
  readonly allRestoredMs: number;
  /** For each, from when it lived elsewhere to its first request for a page. */
  readonly firstPagesMs: readonly number[];
}

const PAGES = '/channels/:channelId/messages';
/** Each page takes so long, so that every job outlives what is measured. */
const PAGE_MS = 4_000;
const MESSAGES = 10_000;
const PATIENCE_MS = 120_000;

/** A cluster with every instance at work on a long sync. */
const atWork = async (plan: TakeoverPlan) => {
  const cluster = await Cluster.start({ nodes: plan.nodes, bots: plan.instances, messages: MESSAGES });
  cluster.discord.faults.rest.add({ kind: 'slow', ms: PAGE_MS }, { route: PAGES, times: Number.POSITIVE_INFINITY });
  const instances = await cluster.connect();
  await Promise.all(instances.map((id) => cluster.anyNode.api.startSync(id, { depth: 'all' })));
  return { cluster, instances };
};

const everyoneHome = (cluster: Cluster, count: number): Promise<ReadonlyMap<string, string>> =>
  eventually('every instance lives, and every node has some', PATIENCE_MS, async () => {
    const homes = await cluster.homes();
    const isShared = cluster.nodes.every(({ id }) => [...homes.values()].includes(id));
    return homes.size === count && isShared && homes;
  });

/** Resolves when each of these channels was asked for pages: when first, ms since the epoch. */
const firstPages = (cluster: Cluster, channels: ReadonlySet<string>, former: string) => {
  const first = new Map<string, number>();
  const stop = cluster.discord.requests.onRequest(({ at, route, channelId, host }) => {
    if (route === PAGES && channelId !== null && channels.has(channelId) && host !== former && !first.has(channelId))
      first.set(channelId, at);
  });
  const all = eventually('each has asked for a page', PATIENCE_MS, async () => first.size === channels.size && first);
  return all.finally(stop);
};

/** The only channel with messages of each bot, in the order of the bots. */
const channelsOf = ({ discord }: Cluster): readonly string[] => {
  const byGuild = new Map([...discord.world.channels()].map(({ guild, id }) => [guild.name, id]));
  return discord.world.bots.map(({ user }) => byGuild.get(user.name) ?? '');
};

const takeover = async (
  cluster: Cluster,
  instances: readonly string[],
  node: ClusterNode,
  strike: (node: ClusterNode) => void,
): Promise<Takeover> => {
  const homes = await everyoneHome(cluster, instances.length);
  const former = node.id;
  const homeless = instances.filter((id) => homes.get(id) === former);
  const channels = channelsOf(cluster);
  const channelOf = new Map(instances.map((id, index) => [id, channels[index] ?? '']));
  const [survivor] = cluster.others(node);
  const struckAt = Date.now();
  const asked = firstPages(cluster, new Set(homeless.map((id) => channelOf.get(id) ?? '')), node.platformHost);
  strike(node);
  const restoredAt = new Map<string, number>();
  await eventually('every instance lives elsewhere', PATIENCE_MS, async () => {
    const now = await cluster.homes(survivor);
    const at = Date.now();
    for (const id of homeless) if (!restoredAt.has(id) && now.has(id) && now.get(id) !== former) restoredAt.set(id, at);
    return restoredAt.size === homeless.length;
  });
  const first = await asked;
  return {
    instances: homeless.length,
    allRestoredMs: Math.max(...restoredAt.values()) - struckAt,
    firstPagesMs: homeless.map((id) =>
      Math.max(0, (first.get(channelOf.get(id) ?? '') ?? Number.NaN) - (restoredAt.get(id) ?? Number.NaN)),
    ),
  };
};

/** Kills one node of a cluster at work, brings it back, and ends it as an operator would. */
export const measureTakeovers = async (
  plan: TakeoverPlan,
): Promise<{ readonly killed: Takeover; readonly ended: Takeover }> => {
  const { cluster, instances } = await atWork(plan);
  try {
    const node = cluster.nodes.at(-1) as ClusterNode;
    const killed = await takeover(cluster, instances, node, ({ child }) => child.process.kill('SIGKILL'));
    await node.start();
    const ended = await takeover(cluster, instances, node, ({ child }) => child.process.kill('SIGTERM'));
    return { killed, ended };
  } finally {
    await cluster.close();
  }
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** One line about one takeover, with what is aimed at. */
export const describeTakeover = (what: string, aimMs: number, takeover: Takeover): string => {
  const { instances, allRestoredMs, firstPagesMs } = takeover;
  const [half, most] = [quantile(firstPagesMs, 0.5), quantile(firstPagesMs, 0.95)];
  return (
    `${what}: its ${instances} instances live elsewhere after ${seconds(allRestoredMs)} (aim: ${seconds(aimMs)}); ` +
    `first page requested after that p50 ${seconds(half)}, p95 ${seconds(most)} (aim: 5.0 s)`
  );
};
