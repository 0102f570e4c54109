import { Audit } from '../cluster/audit.ts';
import { Cluster } from '../harness/cluster.ts';
import { judge } from './cluster-verdict.ts';
import { Harms } from './harm.ts';
import { type Harm, harmPlan } from './harm-plan.ts';
import { LiveTraffic } from './live-traffic.ts';
import { some } from './report.ts';
import { untrueSpans } from './untrue-spans.ts';
import { Workload } from './workload.ts';

export interface ClusterChaosOptions {
  /** World, harm and live traffic follow from it. */
  readonly seed: number;
  readonly nodes: number;
  readonly harms: number;
  readonly instances: number;
  /** Of each instance. */
  readonly messages: number;
}

/** What a run came to. */
export interface ClusterOutcome {
  readonly plan: readonly Harm[];
  /** Everything that must not be; empty: nothing. */
  readonly problems: readonly string[];
  readonly jobs: number;
  readonly stored: number;
  readonly expected: number;
  /** How often a partition changed its owner. */
  readonly takeovers: number;
  readonly changes: number;
  readonly tookMs: number;
}

/** The platform is slow, so that there is something to interrupt. */
const LATENCY_MS = 60;
/** When the platform hears nothing for so long, the next harm comes all the same. */
const SILENCE_MS = 25_000;

const requests = ({ discord }: Cluster, count: number): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const silence = setTimeout(resolve, SILENCE_MS);
  const stopListening = discord.requests.onRequest(() => {
    silence.refresh();
    seen += 1;
    if (seen >= count) resolve();
  });
  return promise.finally(() => {
    clearTimeout(silence);
    stopListening();
  });
};

/** Does everything of the plan to a cluster at work; resolves when all of it is over and all is healed. */
const carryOut = async (cluster: Cluster, plan: readonly Harm[]): Promise<readonly string[]> => {
  const harms = new Harms(cluster);
  const untrue: string[] = [];
  for (const harm of plan) {
    await requests(cluster, harm.afterRequests);
    harms.begin(harm);
    // Nobody can look while PostgreSQL is away.
    untrue.push(...(await untrueSpans(cluster).catch(() => [])));
  }
  await harms.healed();
  return some('within a span and not stored', untrue);
};

/** Runs the plan that follows from the seed on a cluster of its own, and reads the whole history afterwards. */
export const runClusterChaos = async (options: ClusterChaosOptions): Promise<ClusterOutcome> => {
  const { seed, nodes, instances: bots, messages, harms } = options;
  const startedAt = performance.now();
  const plan = harmPlan(seed, harms, nodes);
  const cluster = await Cluster.start({
    nodes,
    bots,
    messages,
    simulator: { seed, latencyMs: LATENCY_MS },
    areFaulty: true,
  });
  try {
    const audit = await Audit.install(cluster);
    const instances = await cluster.connect();
    const traffic = new LiveTraffic(cluster.discord, seed);
    const stopTraffic = cluster.discord.requests.onRequest(() => traffic.sometimes());
    const workload = new Workload(cluster, instances);
    const untrue = await carryOut(cluster, plan);
    stopTraffic();
    await workload.end();
    const { problems, ...figures } = await judge(cluster, audit, instances, workload.accepted);
    return {
      plan,
      problems: [...untrue, ...problems],
      jobs: workload.accepted.length,
      changes: traffic.changes,
      tookMs: performance.now() - startedAt,
      ...figures,
    };
  } finally {
    await cluster.close();
  }
};
