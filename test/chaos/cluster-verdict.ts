import type { Audit } from '../cluster/audit.ts';
import type { Cluster } from '../harness/cluster.ts';
import { type Comparison, compareWithTruth } from '../harness/compare.ts';
import { some } from './report.ts';
import { untrueSpans } from './untrue-spans.ts';

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

/** Everything that is wrong with a cluster when all is quiet again, and every instance was asked for everything. */
export const judge = async (
  cluster: Cluster,
  audit: Audit,
  instances: readonly string[],
  accepted: readonly string[],
) => {
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
      ...(await wrongJobs(cluster, accepted)),
      ...some('within a span and not stored, at the end', await untrueSpans(cluster)),
      ...(await audit.findings()),
    ],
    stored: sum('stored'),
    expected: sum('expected'),
    takeovers: await audit.takeovers(),
  };
};
