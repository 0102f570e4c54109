import process from 'node:process';
import { type Cluster, startCluster } from './cluster.ts';
import { type ClusterPlan, HELP, readCommandLine } from './command-line.ts';
import { describeTakeover, measureTakeovers } from './measure.ts';

/** A cluster on this machine, for trying out what several nodes do. */

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const planned = (): ClusterPlan => {
  try {
    return readCommandLine(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
};

const describe = ({ databaseUrl, natsUrl, simulator, nodes }: Cluster): readonly string[] => [
  '',
  `PostgreSQL  ${databaseUrl}`,
  `NATS        ${natsUrl}`,
  ...(simulator === null ? [] : [`Discord     ${simulator.apiUrl} (simulated), bot token ${simulator.token}`]),
  ...nodes.map(({ origin, child }, index) => `Node ${index + 1}      ${origin} (process ${child.process.pid})`),
  '',
  'Ctrl-C ends it all. Try:',
  `  curl -s ${nodes[0]?.api.base}/ready`,
  ...(simulator === null
    ? []
    : [
        `  curl -s -X POST ${nodes[0]?.api.base}/instances -d '{"name": "a bot", "channel": "discord", "token": "${simulator.token}"}'`,
      ]),
  `  curl -s ${nodes.at(-1)?.api.base}/debug/actors`,
  `  kill -9 ${nodes[0]?.child.process.pid}     # its instances go on elsewhere`,
];

const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });

/** Resolves when asked to end, or when no node is left. */
const ended = async ({ nodes }: Cluster): Promise<void> => {
  const exits = nodes.map(async ({ child }, index) => {
    const code = await child.ended();
    say(`Node ${index + 1} has ended (${code ?? child.process.signalCode}).`);
  });
  await Promise.race([interrupted(), Promise.all(exits)]);
};

const run = async (plan: ClusterPlan): Promise<void> => {
  say(`Starting PostgreSQL, nats-server and ${plan.nodes} nodes …`);
  const cluster = await startCluster(plan);
  try {
    for (const line of describe(cluster)) say(line);
    await ended(cluster);
    say('Ending …');
  } finally {
    await cluster.stop();
  }
};

const measure = async ({ nodes, instances }: ClusterPlan): Promise<void> => {
  say(
    `Starting PostgreSQL, nats-server and ${nodes} nodes; connecting ${instances} instances, each with a long sync …`,
  );
  const { killed, ended } = await measureTakeovers({ nodes, instances });
  say(describeTakeover('SIGKILL', 15_000, killed));
  say(describeTakeover('SIGTERM', 2_000, ended));
};

const plan = planned();
if (plan.help) process.stdout.write(HELP);
else if (plan.isMeasured) await measure(plan);
else await run(plan);
