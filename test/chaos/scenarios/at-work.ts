import { Audit } from '../../cluster/audit.ts';
import { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { judge } from '../cluster-verdict.ts';
import { type Report, seconds } from '../report.ts';
import { Workload } from '../workload.ts';

/** A cluster whose instances are asked for everything, again and again, while something happens to it. */
export interface Scene {
  readonly cluster: Cluster;
  readonly audit: Audit;
  readonly instances: readonly string[];
  readonly workload: Workload;
  /** Resolves when the platform has answered so many more requests. */
  readonly requested: (count: number) => Promise<void>;
}

export interface SceneOptions {
  readonly nodes: number;
  readonly bots: number;
  readonly messages: number;
  /** Before any instance is connected. */
  readonly prepare?: (cluster: Cluster) => Promise<unknown>;
}

/** The platform is slow, so that there is something to interrupt. */
const LATENCY_MS = 60;
const START_MS = 60_000;

const requestedOf =
  ({ discord }: Cluster) =>
  (count: number): Promise<void> =>
    new Promise((resolve) => {
      let seen = 0;
      const stopListening = discord.requests.onRequest(() => {
        seen += 1;
        if (seen < count) return;
        stopListening();
        resolve();
      });
    });

/** Has something happen, lets all that was asked for come to its end, and reads the whole history. */
export const atWork = async (
  { nodes, bots, messages, prepare }: SceneOptions,
  seed: number,
  happens: (scene: Scene) => Promise<Report>,
): Promise<Report> => {
  const startedAt = performance.now();
  const simulator = { seed, latencyMs: LATENCY_MS };
  const cluster = await Cluster.start({ nodes, bots, messages, simulator, areFaulty: true });
  try {
    await prepare?.(cluster);
    const audit = await Audit.install(cluster);
    const instances = await cluster.connect();
    await eventually('every node has its share', START_MS, () => cluster.isShared());
    const workload = new Workload(cluster, instances);
    const { line, problems } = await happens({ cluster, audit, instances, workload, requested: requestedOf(cluster) });
    await workload.end();
    const verdict = await judge(cluster, audit, instances, workload.accepted);
    const { stored, expected } = verdict;
    const took = seconds(performance.now() - startedAt);
    return {
      line: `${line}; ${workload.accepted.length} jobs; ${stored} stored of ${expected} messages; ${took}`,
      problems: [...problems, ...verdict.problems],
    };
  } finally {
    await cluster.close();
  }
};
