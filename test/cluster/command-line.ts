import { parseArgs } from 'node:util';

export const HELP = `Starts PostgreSQL, nats-server and several nodes of the service on this machine, until Ctrl-C.
What they stored is thrown away at the end.

Usage: npm run cluster -- [options]

  --nodes N             how many nodes (default 2)
  --port P              port of the first node, the others follow (default: free ones)
  --discord simulated   a simulated Discord with a bot, instead of Discord's own
  --measure             measures on a cluster of its own how long instances are without a home when their node is
                        killed (SIGKILL) and when it is ended (SIGTERM), and ends
  --instances N         how many to measure with (default 200)
  --help                this text
`;

export interface ClusterPlan {
  readonly nodes: number;
  /** 0: free ones. */
  readonly port: number;
  readonly isSimulated: boolean;
  readonly isMeasured: boolean;
  readonly instances: number;
  readonly help: boolean;
}

const wholeNumber = (name: string, text: string, least: number, most: number): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} must be a whole number from ${least} to ${most}, not "${text}".`);
};

/** Throws, in words for people, what cannot be understood. */
export const readCommandLine = (args: readonly string[]): ClusterPlan => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: 'string', default: '2' },
      port: { type: 'string', default: '0' },
      discord: { type: 'string', default: 'real' },
      measure: { type: 'boolean', default: false },
      instances: { type: 'string', default: '200' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.discord !== 'real' && values.discord !== 'simulated') {
    throw new Error(`--discord must be "simulated" or "real", not "${values.discord}".`);
  }
  return {
    nodes: wholeNumber('nodes', values.nodes, 1, 20),
    port: wholeNumber('port', values.port, 0, 65_000),
    isSimulated: values.discord === 'simulated',
    isMeasured: values.measure,
    instances: wholeNumber('instances', values.instances, 1, 5_000),
    help: values.help,
  };
};
