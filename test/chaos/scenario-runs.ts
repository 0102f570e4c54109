import type { Report } from './report.ts';
import { SCENARIO_NAMES, type ScenarioName } from './scenario-names.ts';
import { clockJumps } from './scenarios/clock-jumps.ts';
import { diskFull } from './scenarios/disk-full.ts';
import { freeze } from './scenarios/freeze.ts';
import { natsAway } from './scenarios/nats-away.ts';
import { poison } from './scenarios/poison.ts';
import { postgresAway } from './scenarios/postgres-away.ts';

const SCENARIOS: Record<ScenarioName, (seed: number) => Promise<Report>> = {
  freeze,
  'nats-away': natsAway,
  'postgres-away': postgresAway,
  'disk-full': diskFull,
  'clock-jumps': clockJumps,
  poison,
};

/** Runs of what lasts too long for a test of every day. */
export class ScenarioRuns {
  readonly title: string;
  readonly arguments: string;
  readonly #name: ScenarioName | 'all';

  constructor(name: ScenarioName | 'all') {
    this.#name = name;
    this.title = name === 'all' ? `scenarios (${SCENARIO_NAMES.join(', ')})` : `the scenario ${name}`;
    this.arguments = `--scenario ${name}`;
  }

  async run(seed: number): Promise<Report> {
    const name = this.#name === 'all' ? SCENARIO_NAMES[seed % SCENARIO_NAMES.length] : this.#name;
    if (name === undefined) throw new Error('There is no such scenario');
    const { line, problems } = await SCENARIOS[name](seed);
    return { line: `${name}: ${line}`, problems };
  }

  async close(): Promise<void> {}
}
