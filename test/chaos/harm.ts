import { setTimeout } from 'node:timers/promises';
import { ApiRefused } from '../harness/api-client.ts';
import type { Cluster } from '../harness/cluster.ts';
import type { ClusterNode } from '../harness/cluster-node.ts';
import { eventually } from '../harness/eventually.ts';
import type { Strike } from '../harness/faults/strike.ts';
import { HARMS_OF_SERVERS, type Harm, type HarmOfNode, type HarmOfServer } from './harm-plan.ts';

const START_MS = 120_000;

type Doing = (forMs: number, strike: Strike) => Promise<unknown>;

/** As whatever looks after services would: again and again, for the database may be away. */
const begin = (node: ClusterNode): Promise<unknown> =>
  eventually(`${node.name} starts`, START_MS, async () => {
    await node.start();
    return true;
  });

/** A refusal is an answer: PostgreSQL may be away. */
const answers = (node: ClusterNode): Promise<boolean> =>
  node.api.call('GET', '/instances').then(
    () => true,
    (error: unknown) => error instanceof ApiRefused,
  );

/** Plans a strike and waits whether the process comes to its point; whatever it did there is healed after `forMs`. */
const strikeNode =
  (node: ClusterNode): Doing =>
  async (forMs, strike) => {
    let started: Promise<unknown> = Promise.resolve();
    if (strike.point === 'takeover') {
      await node.kill();
      started = node.start([strike]).catch(() => {});
    } else {
      await node.arm(strike);
    }
    if (strike.point === 'release') node.child.process.kill('SIGTERM');
    await setTimeout(forMs);
    node.thaw();
    await started;
    await node.disarm().catch(() => {});
    const isOver = async () => node.child.hasExited || (strike.point !== 'release' && (await answers(node)));
    await eventually(`${node.name} answers, or has ended`, START_MS, isOver);
    if (!node.isRunning) await begin(node);
  };

const toNode = (node: ClusterNode): Record<HarmOfNode, Doing> => {
  const { database, nats, discord } = node.roads;
  const during =
    (act: () => void, undo: () => void): Doing =>
    async (forMs) => {
      act();
      await setTimeout(forMs);
      undo();
    };
  return {
    kill: async () => {
      await node.kill();
      await begin(node);
    },
    end: async () => {
      await node.stop();
      await begin(node);
    },
    freeze: during(
      () => node.freeze(),
      () => node.thaw(),
    ),
    'cut from PostgreSQL': during(database.cut, database.restore),
    'stall to PostgreSQL': during(database.stall, database.restore),
    'cut from NATS': during(nats.cut, nats.restore),
    'stall to NATS': during(nats.stall, nats.restore),
    'cut from Discord': during(discord.cut, discord.restore),
    strike: strikeNode(node),
  };
};

const toServers = ({ postgres, nats, deleteStreams }: Cluster): Record<HarmOfServer, Doing> => ({
  'crash PostgreSQL': async (forMs) => {
    await postgres.halt('crash');
    await setTimeout(forMs);
    await postgres.start();
  },
  'crash NATS': async (forMs) => {
    await nats.halt('crash');
    await setTimeout(forMs);
    await nats.start();
  },
  'restart NATS': () => nats.restart(),
  'delete streams': deleteStreams,
});

const isOfServer = (kind: Harm['kind']): kind is HarmOfServer => HARMS_OF_SERVERS.some((one) => one === kind);

const targetOf = ({ kind, node }: Harm): string => {
  if (!isOfServer(kind)) return `node ${node}`;
  return kind === 'crash PostgreSQL' ? 'PostgreSQL' : 'NATS';
};

/** Does harm as planned: at once, or, where the same target suffers already, as soon as that is over. */
export class Harms {
  readonly #cluster: Cluster;
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  begin(harm: Harm): void {
    const target = targetOf(harm);
    const before = this.#underWay.get(target) ?? Promise.resolve();
    const done = before.then(() => this.#do(harm));
    this.#underWay.set(target, done);
    // Told by `healed`.
    done.catch(() => {});
  }

  /** Resolves when everything is as it was; rejects when something could not be brought back. */
  async healed(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  #do({ kind, node, forMs, strike }: Harm): Promise<unknown> {
    if (isOfServer(kind)) return toServers(this.#cluster)[kind](forMs, strike);
    return toNode(this.#cluster.nodes[node] as ClusterNode)[kind](forMs, strike);
  }
}
