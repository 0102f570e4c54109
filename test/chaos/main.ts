import { ClusterRuns } from './cluster-runs.ts';
import { HELP, readCommandLine, type Values } from './command-line.ts';
import { KillRuns } from './kill-runs.ts';
import { PointRuns } from './point-runs.ts';
import { ScenarioRuns } from './scenario-runs.ts';
import { SimulatedRuns } from './simulated-runs.ts';
import { WhatsAppKillRuns } from './whatsapp/kill-runs.ts';

type Runs = KillRuns | WhatsAppKillRuns | ClusterRuns | SimulatedRuns | PointRuns | ScenarioRuns;

const runsOf = async (values: Values): Promise<Runs> => {
  if (values.channel === 'whatsapp') return WhatsAppKillRuns.open(values);
  if (values.points) return new PointRuns(values);
  if (values.scenario !== null) return new ScenarioRuns(values.scenario);
  if (values.simulated) return new SimulatedRuns(values);
  return values.nodes > 0 ? new ClusterRuns(values) : KillRuns.open(values);
};

const commandLine = (): Values => {
  try {
    return readCommandLine(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Says what became of one run; true when nothing is wrong. */
const run = async (runs: Runs, seed: number): Promise<boolean> => {
  try {
    const { line, problems } = await runs.run(seed);
    say(`seed ${seed}: ${problems.length === 0 ? 'ok' : 'FAILED'}: ${line}`);
    for (const problem of problems) say(`  ${problem}`);
    if (problems.length === 0) return true;
  } catch (error) {
    say(`seed ${seed}: FAILED: ${error instanceof Error ? error.message : String(error)}`);
  }
  say(`  again: npm run chaos -- --runs 1 --seed ${seed} ${runs.arguments}`);
  return false;
};

const runAll = async (values: Values): Promise<boolean> => {
  const runs = await runsOf(values);
  const { runs: count, seed: first } = values;
  let failed = 0;
  try {
    for (let seed = first; seed < first + count; seed++) if (!(await run(runs, seed))) failed += 1;
  } finally {
    await runs.close();
  }
  say(`${count} runs of ${runs.title}: ${count - failed} ok, ${failed} failed`);
  return failed === 0;
};

const values = commandLine();
if (values.help) process.stdout.write(HELP);
else if (!(await runAll(values))) process.exitCode = 1;
