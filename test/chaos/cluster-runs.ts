import { runClusterChaos } from './cluster-run.ts';
import type { Values } from './command-line.ts';
import type { Harm } from './harm-plan.ts';
import { type Report, seconds } from './report.ts';

const describe = (plan: readonly Harm[]): string => {
  const counts = Map.groupBy(plan, ({ kind, strike }) =>
    kind === 'strike' ? `${strike.blow} at ${strike.point}` : kind,
  );
  return [...counts].map(([kind, harms]) => (harms.length > 1 ? `${harms.length} × ${kind}` : kind)).join(', ');
};

/** Runs of several nodes to which every kind of harm is done. */
export class ClusterRuns {
  readonly title: string;
  readonly arguments: string;
  readonly #values: Values;

  constructor(values: Values) {
    const { nodes, harms, instances, messages } = values;
    this.title = `${harms} harms to ${nodes} nodes`;
    this.arguments = `--nodes ${nodes} --harms ${harms} --instances ${instances} --messages ${messages}`;
    this.#values = values;
  }

  async run(seed: number): Promise<Report> {
    const { nodes, harms, instances, messages } = this.#values;
    const shared = Math.max(1, Math.round(messages / instances));
    const outcome = await runClusterChaos({ seed, nodes, harms, instances, messages: shared });
    const { plan, problems, jobs, stored, expected, takeovers, changes, tookMs } = outcome;
    const line = [
      describe(plan),
      `${jobs} jobs`,
      `${stored} stored of ${expected} messages`,
      `${changes} changes meanwhile`,
      `${takeovers} takeovers`,
      seconds(tookMs),
    ].join('; ');
    return { line, problems };
  }

  async close(): Promise<void> {}
}
