import { startTcpProxy, type TcpProxy } from '../servers/tcp-proxy.ts';
import type { Service, ServiceOptions } from './service.ts';
import { ServiceProcess } from './service-process.ts';

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

const portOf = (road: TcpProxy): string => `127.0.0.1:${road.port}`;

/** The service as a process that a test can hurt in every way, and cut off from everything. */
export class ClusterNode extends ServiceProcess {
  /** Also its user in PostgreSQL: every session of it tells whose it is. */
  readonly name: string;
  readonly roads: Roads;
  #id = '';

  private constructor(name: string, roads: Roads, options: ServiceOptions) {
    super(options);
    this.name = name;
    this.roads = roads;
  }

  /** Resolves when it listens. */
  static async join(name: string, places: Places, equip: Equip): Promise<ClusterNode> {
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

  /** The address by which the simulated Discord knows its requests. */
  get platformHost(): string {
    return portOf(this.roads.discord);
  }

  protected override async begun(listening: Promise<Service>): Promise<void> {
    const named = this.child.said(({ nodeId }) => (typeof nodeId === 'string' ? nodeId : undefined));
    const [id] = await Promise.all([named, super.begun(listening)]);
    this.#id = id;
  }

  async close(): Promise<void> {
    await this.kill();
    await Promise.all(Object.values(this.roads).map((road: TcpProxy) => road.close()));
  }
}
