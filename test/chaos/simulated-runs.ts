import { runSimulated } from '../runtime/nodes/simulated-run.ts';
import type { Values } from './command-line.ts';
import { type Report, seconds } from './report.ts';

/** Runs of several nodes in this process, on a database, a mailbox and a platform in memory, in simulated time. */
export class SimulatedRuns {
  readonly title: string;
  readonly arguments: string;
  readonly #plan: { readonly nodes: number; readonly instances: number; readonly deeds: number };

  constructor({ nodes, instances, harms }: Values) {
    this.title = `${harms} deeds to ${nodes} nodes in simulated time`;
    this.arguments = `--simulated --nodes ${nodes} --harms ${harms} --instances ${instances}`;
    this.#plan = { nodes, instances, deeds: harms };
  }

  async run(seed: number): Promise<Report> {
    const startedAt = performance.now();
    const { problems, simulatedMs, takeovers, commands, jobs } = await runSimulated({ seed, ...this.#plan });
    const line = [
      `${seconds(simulatedMs)} of simulated time`,
      `${takeovers} takeovers`,
      `${commands} commands`,
      `${jobs} jobs`,
      seconds(performance.now() - startedAt),
    ].join('; ');
    return { line, problems };
  }

  async close(): Promise<void> {}
}
