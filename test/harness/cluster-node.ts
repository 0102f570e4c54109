import { startTcpProxy, type TcpProxy } from '../servers/tcp-proxy.ts';
import { ApiClient } from './api-client.ts';
import type { Child } from './child.ts';
import { type Launched, launchService, type ServiceOptions } from './service.ts';

/** The ways out of a node, each through a proxy of its own. */
export interface Roads {
  readonly database: TcpProxy;
  readonly nats: TcpProxy;
  readonly discord: TcpProxy;
}

export type Road = keyof Roads;

/** Where the roads lead: ports of this machine. */
export type Places = Readonly<Record<Road, number>>;

/** From the roads to what the service is started with. */
export type Equip = (roads: Roads) => ServiceOptions;

/** For a call of the API: a node that is frozen never answers. */
const PATIENCE_MS = 8_000;

const portOf = (road: TcpProxy): string => `127.0.0.1:${road.port}`;

/** The service as a process that a test can kill, freeze, and cut off from everything. */
export class ClusterNode {
  /** Also its user in PostgreSQL: every session of it tells whose it is. */
  readonly name: string;
  readonly roads: Roads;
  readonly #options: ServiceOptions;
  #launched!: Launched;
  #api: ApiClient | null = null;
  #id = '';

  private constructor(name: string, roads: Roads, options: ServiceOptions) {
    this.name = name;
    this.roads = roads;
    this.#options = options;
  }

  /** Resolves when it listens. */
  static async start(name: string, places: Places, equip: Equip): Promise<ClusterNode> {
    const [database, nats, discord] = await Promise.all(
      [places.database, places.nats, places.discord].map((port) => startTcpProxy({ port })),
    );
    if (database === undefined || nats === undefined || discord === undefined) throw new Error('A road is missing');
    const roads = { database, nats, discord };
    const node = new ClusterNode(name, roads, equip(roads));
    await node.start();
    return node;
  }

  /** What it is called by the cluster; another process has another one. */
  get id(): string {
    return this.#id;
  }

  get api(): ApiClient {
    if (this.#api === null) throw new Error(`${this.name} does not listen.`);
    return this.#api;
  }

  get child(): Child {
    return this.#launched.child;
  }

  get isRunning(): boolean {
    return !this.child.hasExited;
  }

  /** The address by which the simulated Discord knows its requests. */
  get platformHost(): string {
    return portOf(this.roads.discord);
  }

  /** A new process in the place of one that has ended. Resolves when it listens. */
  async start(): Promise<void> {
    this.#api = null;
    this.#launched = launchService(this.#options);
    const named = this.child.said(({ nodeId }) => (typeof nodeId === 'string' ? nodeId : undefined));
    const [id, { origin }] = await Promise.all([named, this.#launched.listening]);
    this.#id = id;
    this.#api = new ApiClient(origin, PATIENCE_MS);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.child.end('SIGKILL');
  }

  /** SIGTERM: resolves with the exit code when it has put everything down. */
  stop(): Promise<number | null> {
    return this.child.end('SIGTERM');
  }

  freeze(): void {
    this.child.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.process.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.kill();
    await Promise.all(Object.values(this.roads).map((road: TcpProxy) => road.close()));
  }
}
