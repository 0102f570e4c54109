import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Launched, launchService, type Service } from '../harness/service.ts';
import { type SimulatorProcess, startSimulatorProcess } from '../harness/simulator-process.ts';
import { startOwnNats } from '../servers/nats.ts';
import { startOwnPostgres } from '../servers/postgres.ts';
import type { ClusterPlan } from './command-line.ts';

export interface Cluster {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly simulator: SimulatorProcess | null;
  readonly nodes: readonly Service[];
  /** Ends everything in order: the nodes hand over and stop before what they stand on does. */
  readonly stop: () => Promise<void>;
}

/** Starts everything; what was started is ended again if the rest cannot be. */
export const startCluster = async (plan: ClusterPlan): Promise<Cluster> => {
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'omni-cluster-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const postgres = await startOwnPostgres(true);
    ends.push(() => postgres.stop());
    const nats = await startOwnNats({ isApart: true });
    ends.push(() => nats.stop());
    const simulator = plan.isSimulated ? await startSimulatorProcess([], true) : null;
    ends.push(async () => simulator?.child.end('SIGTERM'));
    const databaseUrl = await postgres.freshDatabase();
    const secretKey = randomBytes(36).toString('base64');

    const launched: Launched[] = [];
    ends.push(() => Promise.all(launched.map(({ child }) => child.end('SIGTERM'))));
    for (let node = 0; node < plan.nodes; node++) {
      launched.push(
        launchService({
          dataDir: join(folder, `node-${node + 1}`),
          discordApiUrl: simulator?.apiUrl ?? '',
          databaseUrl,
          port: plan.port === 0 ? 0 : plan.port + node,
          env: { NATS_URL: nats.url, SECRET_KEY: secretKey },
          isApart: true,
        }),
      );
    }
    const nodes = await Promise.all(launched.map(({ listening }) => listening));
    return { databaseUrl, natsUrl: nats.url, simulator, nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
