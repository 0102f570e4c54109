import { Audit } from '../cluster/audit.ts';
import { Cluster } from '../harness/cluster.ts';
import { type Comparison, compareWithTruth } from '../harness/compare.ts';
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

const wrongRows = ({ missing, surplus, doubled, different }: Comparison, deleted: ReadonlySet<string>) => [
  ...some('missing', missing),
  // Whoever was away when it was deleted does not learn of it.
  ...some(
    'too many',
    surplus.filter((id) => !deleted.has(id)),
  ),
  ...some('double', doubled),
  ...some('different', different),
];

const wrongJobs = async (cluster: Cluster, accepted: readonly string[]): Promise<readonly string[]> => {
  const jobs = await cluster.sql<{ readonly id: string; readonly status: string; readonly error_message: string }>(
    'SELECT id, status, error_message FROM sync_jobs',
  );
  const known = new Set(jobs.map(({ id }) => id));
  return [
    ...accepted.filter((id) => !known.has(id)).map((id) => `job ${id} was accepted and is gone`),
    ...jobs.flatMap(({ id, status, error_message }) =>
      status === 'completed' ? [] : [`job ${id} ${status}: ${error_message ?? 'no message'}`],
    ),
  ];
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

const judge = async (cluster: Cluster, audit: Audit, instances: readonly string[], workload: Workload) => {
  const { discord } = cluster;
  const deleted = new Set([...discord.deleted()].map(({ messageId }) => messageId));
  const comparisons: Comparison[] = [];
  for (const [index, { token }] of discord.world.bots.entries()) {
    comparisons.push(await compareWithTruth(cluster.anyNode.api, instances[index] ?? '', discord.groundTruth(token)));
  }
  const sum = (of: 'stored' | 'expected') => comparisons.reduce((total, comparison) => total + comparison[of], 0);
  return {
    problems: [
      ...comparisons.flatMap((comparison) => wrongRows(comparison, deleted)),
      ...(await wrongJobs(cluster, workload.accepted)),
      ...some('within a span and not stored, at the end', await untrueSpans(cluster)),
      ...(await audit.findings()),
    ],
    stored: sum('stored'),
    expected: sum('expected'),
    takeovers: await audit.takeovers(),
  };
};

/** Runs the plan that follows from the seed on a cluster of its own, and reads the whole history afterwards. */
export const runClusterChaos = async (options: ClusterChaosOptions): Promise<ClusterOutcome> => {
  const { seed, nodes, instances: bots, messages, harms } = options;
  const startedAt = performance.now();
  const plan = harmPlan(seed, harms, nodes);
  const cluster = await Cluster.start({ nodes, bots, messages, simulator: { seed, latencyMs: LATENCY_MS } });
  try {
    const audit = await Audit.install(cluster);
    const instances = await cluster.connect();
    const traffic = new LiveTraffic(cluster.discord, seed);
    const stopTraffic = cluster.discord.requests.onRequest(() => traffic.sometimes());
    const workload = new Workload(cluster, instances);
    const untrue = await carryOut(cluster, plan);
    stopTraffic();
    await workload.end();
    const { problems, ...figures } = await judge(cluster, audit, instances, workload);
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
