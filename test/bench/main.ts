import { cpus, loadavg } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { startPostgres } from '../servers/postgres.ts';
import { BENCHES, type Bench, FULL, runBenches } from './benches.ts';
import { jsonOf, tableOf } from './report.ts';

const HELP = `Measures the service, and prints ratios: each figure beside what it is compared with, measured in turns.

Usage: npm run bench -- [sync] [store] [api] [runtime] [people] [people-sync] [options]

  sync               syncs with the limiter opened, against fetching the same pages without storing
  store              the step that stores a page, against one by one and against COPY, with and without search index
  api                requests while a sync runs on the embedded database
  runtime            commands, mailbox, questions between nodes, idle memory and restores, on PostgreSQL and NATS
  people             finding one of 100,000 persons among 1,000,000 messages, and what one wrote, on PostgreSQL
  people-sync        100,000 Discord members stored, against fetching them without storing
                     (without a name: all of them, about twenty minutes)

  --rounds <n>       how often each is measured (default ${FULL.rounds}); the median is shown
  --json             print JSON instead of a table
  --help

PostgreSQL is started by the bench (fsync off), or is that of DATABASE_URL.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: `${FULL.rounds}` },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

const chosen = (): readonly Bench[] => {
  const unknown = positionals.find((name) => !BENCHES.some((bench) => bench === name));
  if (unknown !== undefined) throw new Error(`There is no bench "${unknown}": ${BENCHES.join(', ')}`);
  return positionals.length === 0 ? BENCHES : BENCHES.filter((bench) => positionals.includes(bench));
};

const run = async (): Promise<void> => {
  const benches = chosen();
  const sizes = { ...FULL, rounds: Number(values.rounds) };
  const [processor] = cpus();
  tell(
    `${cpus().length} × ${processor?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`,
  );
  const postgres = await startPostgres();
  try {
    const figures = await runBenches(benches, sizes, postgres, tell);
    process.stdout.write(`${values.json ? jsonOf(figures) : tableOf(figures)}\n`);
  } finally {
    await postgres.stop();
  }
};

if (values.help) process.stdout.write(HELP);
else await run();
