import { parseArgs } from 'node:util';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { type Outcome, runChaos } from './chaos-run.ts';
import { problemsOf } from './verdict.ts';

const HELP = `Kills the service with SIGKILL at random instants of a sync, starts it again each time, and compares what is
stored with the platform's truth.

Usage: npm run chaos -- [options]

  --runs <n>             (default 1)
  --seed <n>             of the first run; each further run has the next one (default: by the clock)
  --kills <n>            in each run (default 10)
  --messages <n>         of the simulated Discord, about (default 3000)
  --database <name>      pglite or postgres (default pglite)
  --live                 people write, edit and delete meanwhile, also while the service is dead
  --help

Exit code 1 when a run failed; its line is followed by the command that runs its plan again. On PostgreSQL a restart
waits up to 13 seconds for the lease of the dead process to run out.
`;

class BadCommandLine extends Error {}

const OPTIONS = {
  runs: { type: 'string', default: '1' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  kills: { type: 'string', default: '10' },
  messages: { type: 'string', default: '3000' },
  database: { type: 'string', default: 'pglite' },
  live: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

interface Values {
  readonly runs: number;
  readonly seed: number;
  readonly kills: number;
  readonly messages: number;
  readonly database: 'pglite' | 'postgres';
  readonly live: boolean;
  readonly help: boolean;
}

const numberOf = (name: string, text: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new BadCommandLine(`--${name} must be a whole number, not "${text}".`);
};

const read = (): Values => {
  const { runs, seed, kills, messages, database, live, help } = parseArgs({ options: OPTIONS }).values;
  if (database !== 'pglite' && database !== 'postgres') {
    throw new BadCommandLine(`--database must be pglite or postgres, not "${database}".`);
  }
  return {
    runs: numberOf('runs', runs),
    seed: numberOf('seed', seed),
    kills: numberOf('kills', kills),
    messages: numberOf('messages', messages),
    database,
    live,
    help,
  };
};

const commandLine = (): Values => {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
};

const values = commandLine();

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;

const describe = ({ comparison, pages, restartsMs, changes, tookMs }: Outcome): string =>
  [
    `${comparison.stored} of ${comparison.expected} messages`,
    `${pages.distinct} pages, ${pages.again} of them again (at most ${pages.mostAgain} after a kill)`,
    ...(changes > 0 ? [`${changes} changes meanwhile, ${comparison.surplus.length} deletions missed`] : []),
    `a restart took ${seconds(median(restartsMs))}, at most ${seconds(Math.max(0, ...restartsMs))}`,
    seconds(tookMs),
  ].join('; ');

const replay = (seed: number): string =>
  `npm run chaos -- --runs 1 --seed ${seed} --kills ${values.kills} --messages ${values.messages} ` +
  `--database ${values.database}${values.live ? ' --live' : ''}`;

/** Says what became of one run; true when nothing is wrong. */
const run = async (seed: number, server: PostgresServer | null): Promise<boolean> => {
  const { kills, messages, live } = values;
  const options = { seed, kills, messages, live, databaseUrl: (await server?.freshDatabase()) ?? null };
  try {
    const outcome = await runChaos(options);
    const problems = problemsOf(outcome, options);
    say(`seed ${seed}: ${problems.length === 0 ? 'ok' : 'FAILED'}: ${describe(outcome)}`);
    for (const problem of problems) say(`  ${problem}`);
    if (problems.length === 0) return true;
  } catch (error) {
    say(`seed ${seed}: FAILED: ${error instanceof Error ? error.message : String(error)}`);
  }
  say(`  again: ${replay(seed)}`);
  return false;
};

const runAll = async (): Promise<boolean> => {
  const { runs, seed: first, kills, database } = values;
  const server = database === 'postgres' ? await startPostgres() : null;
  let failed = 0;
  try {
    for (let seed = first; seed < first + runs; seed++) if (!(await run(seed, server))) failed += 1;
  } finally {
    await server?.stop();
  }
  say(`${runs} runs of ${kills} kills on ${database}: ${runs - failed} ok, ${failed} failed`);
  return failed === 0;
};

if (values.help) process.stdout.write(HELP);
else if (!(await runAll())) process.exitCode = 1;
