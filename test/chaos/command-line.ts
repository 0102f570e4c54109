import { parseArgs } from 'node:util';
import { SCENARIO_NAMES, type ScenarioName } from './scenario-names.ts';

export const HELP = `Kills the service with SIGKILL at random instants of a sync, starts it again each time, and compares what is
stored with the platform's truth. With --nodes it does any kind of harm to several nodes, and to the PostgreSQL and
the NATS that they stand on: kills, freezes, cuts, restarts, deleted streams.

Usage: npm run chaos -- [options]

  --runs <n>             (default 1)
  --seed <n>             of the first run; each further run has the next one (default: by the clock)
  --channel <name>       discord or whatsapp (default discord); whatsapp is one service and one number
  --messages <n>         of the simulated platform, about (default 3000; of WhatsApp 1200)
  --help

One service:
  --kills <n>            in each run (default 10)
  --database <name>      pglite or postgres (default pglite)
  --live                 people write, edit and delete meanwhile, also while the service is dead

Several nodes, on PostgreSQL and NATS of their own:
  --nodes <n>            how many
  --harms <n>            in each run (default 10)
  --instances <n>        connected bots (default 10), which share the messages
  --simulated            all of it within this process, in memory and in simulated time: a run takes less than a
                         second (default 3 nodes, 35 harms, 6 instances)

Named points:
  --points               strikes once at a point of the protocol (before the commit, after the relay, …): kills, freezes,
                         or fails with an outcome that nobody knows; 24 seeds in a row are all of them. Of one service
                         on the embedded database, or with --nodes 2 of two nodes

Long outages, of two nodes or three:
  --scenario <name>      what its name says (${SCENARIO_NAMES.join(', ')}),
                         or all: each seed the next one

Exit code 1 when a run failed; its line is followed by the command that runs its plan again. On PostgreSQL a restart
waits up to 13 seconds for the lease of the dead process to run out.
`;

const OPTIONS = {
  runs: { type: 'string', default: '1' },
  channel: { type: 'string', default: 'discord' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  kills: { type: 'string', default: '10' },
  messages: { type: 'string' },
  database: { type: 'string', default: 'pglite' },
  live: { type: 'boolean', default: false },
  nodes: { type: 'string' },
  harms: { type: 'string' },
  instances: { type: 'string' },
  simulated: { type: 'boolean', default: false },
  points: { type: 'boolean', default: false },
  scenario: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const REAL = { nodes: '0', harms: '10', instances: '10' };
const MESSAGES = { discord: '3000', whatsapp: '1200' };
const SIMULATED = { nodes: '3', harms: '35', instances: '6' };

export interface Values {
  readonly runs: number;
  readonly seed: number;
  readonly channel: 'discord' | 'whatsapp';
  readonly kills: number;
  readonly messages: number;
  readonly database: 'pglite' | 'postgres';
  readonly live: boolean;
  /** 0: one service, which is killed and started again. */
  readonly nodes: number;
  readonly harms: number;
  readonly instances: number;
  readonly simulated: boolean;
  readonly points: boolean;
  readonly scenario: ScenarioName | 'all' | null;
  readonly help: boolean;
}

const numberOf = (name: string, text: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`--${name} must be a whole number, not "${text}".`);
};

const scenarioOf = (name: string | null): Values['scenario'] => {
  if (name === null || name === 'all') return name;
  const known = SCENARIO_NAMES.find((one) => one === name);
  if (known === undefined) throw new Error(`--scenario must be all or one of ${SCENARIO_NAMES.join(', ')}.`);
  return known;
};

/** Throws, in words for people, what cannot be understood. */
export const readCommandLine = (args: readonly string[]): Values => {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const { channel, database, live, simulated, points, help } = values;
  const otherwise = simulated ? SIMULATED : REAL;
  if (database !== 'pglite' && database !== 'postgres') {
    throw new Error(`--database must be pglite or postgres, not "${database}".`);
  }
  if (channel !== 'discord' && channel !== 'whatsapp') {
    throw new Error(`--channel must be discord or whatsapp, not "${channel}".`);
  }
  return {
    runs: numberOf('runs', values.runs),
    seed: numberOf('seed', values.seed),
    kills: numberOf('kills', values.kills),
    messages: numberOf('messages', values.messages ?? MESSAGES[channel]),
    nodes: numberOf('nodes', values.nodes ?? otherwise.nodes),
    harms: numberOf('harms', values.harms ?? otherwise.harms),
    instances: numberOf('instances', values.instances ?? otherwise.instances),
    simulated,
    points,
    scenario: scenarioOf(values.scenario ?? null),
    channel,
    database,
    live,
    help,
  };
};
