import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { PARTITIONS } from '../../src/runtime/fence.ts';
import { type NatsServer, startOwnNats } from '../servers/nats.ts';
import { type PostgresServer, startOwnPostgres } from '../servers/postgres.ts';
import type { DiscordSimulator, SimulatorOptions } from '../simulators/discord/discord-simulator.ts';
import { startDiscordSimulator } from '../simulators/discord/simulator.ts';
import type { WorldPlan } from '../simulators/discord/world/world-plan.ts';
import { type ApiClient, ApiRefused } from './api-client.ts';
import { ClusterNode } from './cluster-node.ts';
import { eventually } from './eventually.ts';
import { pastOf } from './history.ts';

export interface ClusterOptions {
  readonly nodes: number;
  /** Bots of the simulated Discord, each in a guild of its own. */
  readonly bots: number;
  /** Of each bot, in its only channel. */
  readonly messages: number;
  readonly simulator?: SimulatorOptions;
  /** Nodes whose service can be struck at points of the protocol (`arm`), and has a clock that can be shifted. */
  readonly areFaulty?: boolean;
}

/** One actor tree, as `GET /debug/actors` lists it. */
interface ActorShown {
  readonly instanceId: string;
  readonly node: string | null;
  readonly stale: boolean;
  readonly state: string;
}

/** Bots with a guild each, and one channel in it. */
export const worldOf = ({ bots, messages }: Pick<ClusterOptions, 'bots' | 'messages'>): WorldPlan => {
  const names = Array.from({ length: bots }, (_, index) => `bot-${index + 1}`);
  return {
    guilds: names.map((name) => ({ name, channels: [pastOf('general', messages)] })),
    bots: names.map((name) => ({ name, guilds: [name] })),
  };
};

/** Nodes as real processes on one PostgreSQL, one nats-server and one simulated Discord, and every way to hurt them. */
export class Cluster {
  readonly discord: DiscordSimulator;
  readonly postgres: PostgresServer;
  readonly nats: NatsServer;
  readonly databaseUrl: string;
  readonly nodes: ClusterNode[] = [];
  readonly #folder: string;
  readonly #secretKey = randomBytes(36).toString('base64');
  readonly #areFaulty: boolean;
  #joined = 0;
  #asked = 0;

  private constructor(
    discord: DiscordSimulator,
    postgres: PostgresServer,
    nats: NatsServer,
    databaseUrl: string,
    folder: string,
    areFaulty: boolean,
  ) {
    this.discord = discord;
    this.postgres = postgres;
    this.nats = nats;
    this.databaseUrl = databaseUrl;
    this.#folder = folder;
    this.#areFaulty = areFaulty;
  }

  /** Its limiters are open on both sides: what is tested here is not rates. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const postgres = await startOwnPostgres(true);
    const nats = await startOwnNats({ isApart: true });
    const discord = await startDiscordSimulator({
      world: worldOf(options),
      rateLimits: 'off',
      identifyIntervalMs: 0,
      ...options.simulator,
    });
    const folder = await mkdtemp(join(tmpdir(), 'omni-nodes-'));
    const { areFaulty = false } = options;
    const cluster = new Cluster(discord, postgres, nats, await postgres.freshDatabase(), folder, areFaulty);
    try {
      // The others begin with these settings, instead of taking them up within a second.
      await (await cluster.join()).api.openLimits();
      for (let node = 1; node < options.nodes; node++) await cluster.join();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** One more node. */
  async join(): Promise<ClusterNode> {
    this.#joined += 1;
    const name = `node_${this.#joined}`;
    await this.sql(`CREATE ROLE ${name} LOGIN SUPERUSER`);
    const places = {
      database: Number(new URL(this.databaseUrl).port),
      nats: Number(new URL(this.nats.url).port),
      discord: this.discord.port,
    };
    const node = await ClusterNode.join(name, places, ({ database, nats, discord }) => {
      const address = new URL(this.databaseUrl);
      address.username = name;
      address.port = String(database.port);
      return {
        dataDir: join(this.#folder, name),
        discordApiUrl: `http://127.0.0.1:${discord.port}/api`,
        databaseUrl: address.href,
        env: { NATS_URL: `nats://127.0.0.1:${nats.port}`, SECRET_KEY: this.#secretKey },
        isApart: true,
        ...(this.#areFaulty ? { strikes: [], isClockShifted: true } : {}),
      };
    });
    this.nodes.push(node);
    return node;
  }

  /**
   * What `call` gives on the first node that gives anything, asked in turn and again and again: some are dead, some
   * frozen, and some do not reach their database. A refusal of the request itself is passed on.
   */
  async ask<A>(call: (api: ApiClient) => Promise<A>): Promise<A> {
    const answer = await eventually('a node answers', 120_000, async () => {
      this.#asked += 1;
      const node = this.nodes[this.#asked % this.nodes.length] as ClusterNode;
      return call(node.api).then(
        (given) => ({ given }),
        (error: unknown) => {
          if (error instanceof ApiRefused && error.status < 500) return { refused: error };
          throw error;
        },
      );
    });
    if ('refused' in answer) throw answer.refused;
    return answer.given;
  }

  /** Deletes every stream of JetStream, with all that it carries. */
  readonly deleteStreams = async (): Promise<void> => {
    const connection = await connect({ servers: this.nats.url });
    try {
      const { streams } = await jetstreamManager(connection);
      for await (const name of streams.names()) await streams.delete(name);
    } finally {
      await connection.close();
    }
  };

  /** One that runs. */
  get anyNode(): ClusterNode {
    const node = this.nodes.find(({ isRunning }) => isRunning);
    if (node === undefined) throw new Error('No node is left.');
    return node;
  }

  others(than: ClusterNode): readonly ClusterNode[] {
    return this.nodes.filter((node) => node !== than && node.isRunning);
  }

  sql<A = Record<string, unknown>>(statement: string): Promise<readonly A[]> {
    return this.postgres.admin(statement, this.databaseUrl) as Promise<readonly A[]>;
  }

  /** Connects bots of the simulated Discord, and gives the ids of their instances in the same order. */
  async connect(): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const [index, { user, token }] of this.discord.world.bots.entries()) {
      const node = this.nodes[index % this.nodes.length] ?? this.anyNode;
      ids.push((await node.api.createInstance(token, user.name)).id);
    }
    return ids;
  }

  /** Whether every node has its even share of the partitions. */
  async isShared(): Promise<boolean> {
    const counts = await this.sql<{ readonly count: number }>(
      'SELECT count(*)::int AS count FROM partitions WHERE node_id IS NOT NULL GROUP BY node_id',
    );
    const [most, least] = [Math.ceil(PARTITIONS / this.nodes.length), Math.floor(PARTITIONS / this.nodes.length)];
    return counts.length === this.nodes.length && counts.every(({ count }) => count >= least - 2 && count <= most);
  }

  /** The instances that live, each with the id of its node, as one node tells it. */
  async homes(through: ClusterNode = this.anyNode): Promise<ReadonlyMap<string, string>> {
    const { items } = (await through.api.call('GET', '/debug/actors')) as { readonly items: readonly ActorShown[] };
    return new Map(
      items.flatMap(({ instanceId, node, stale }) => (node === null || stale ? [] : [[instanceId, node] as const])),
    );
  }

  readonly close = async (): Promise<void> => {
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.discord.close();
    await this.nats.stop();
    await this.postgres.stop();
    await rm(this.#folder, { recursive: true, force: true });
  };
}
