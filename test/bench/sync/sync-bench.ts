import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from '../../harness/child.ts';
import { startService } from '../../harness/service.ts';
import { type SimulatorProcess, startSimulatorProcess } from '../../harness/simulator-process.ts';
import type { PostgresServer } from '../../servers/postgres.ts';
import type { BenchDatabase, BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median, pairedRatio } from '../statistics.ts';

/*
 * A whole sync with the limiter opened, through the running service, against fetching the very same pages without
 * storing them. Simulator, service and fetcher are processes of their own; each run begins with a new process and an
 * empty database, and warms up on one channel that is not measured.
 */

const FETCHER = fileURLToPath(new URL('./fetch-pages.ts', import.meta.url));
const WARM_UP = 'workbench';

export interface SyncSize {
  readonly messages: number;
  readonly channels: number;
}

interface Run {
  readonly pages: number;
  readonly messages: number;
  readonly tookMs: number;
}

const perSecond = ({ messages, tookMs }: Run): number => (messages * 1000) / tookMs;

const warmUpChannel = async (simulator: SimulatorProcess): Promise<string> => {
  const channels = (await (await simulator.control('/_sim/channels')).json()) as { id: string; name: string }[];
  const channel = channels.find(({ name }) => name === WARM_UP);
  if (channel === undefined) throw new Error(`The simulated world has no channel ${WARM_UP}`);
  return channel.id;
};

const fetchOnly = async (simulator: SimulatorProcess, warmUp: string): Promise<Run> => {
  const child = new Child(FETCHER, [simulator.apiUrl, simulator.token, warmUp], {});
  const run = await child.said((line) => line['fetched'] as Run | undefined);
  await child.ended();
  return run;
};

const syncAll = async (simulator: SimulatorProcess, warmUp: string, databaseUrl: string | null): Promise<Run> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-bench-'));
  const { api, child } = await startService({
    dataDir,
    discordApiUrl: simulator.apiUrl,
    ...(databaseUrl === null ? {} : { databaseUrl }),
    env: { LOG_LEVEL: 'info' },
  });
  try {
    await api.openLimits();
    const { id } = await api.createInstance(simulator.token);
    await api.sync(id, { depth: 'all', channelId: warmUp });
    const startedAt = performance.now();
    const { status, progress } = await api.sync(id, { depth: 'all' });
    const tookMs = performance.now() - startedAt;
    if (status !== 'completed') throw new Error(`The sync ended ${status}:\n${child.output}`);
    return { pages: progress.pages, messages: progress.fetched, tookMs };
  } finally {
    await child.end('SIGTERM');
    await rm(dataDir, { recursive: true, force: true });
  }
};

/** Every way of reading must have read the same, or their speeds say nothing. */
const checked = (expected: Map<'pages' | 'messages', number>, run: Run): Run => {
  for (const what of ['pages', 'messages'] as const) {
    const first = expected.get(what) ?? run[what];
    expected.set(what, first);
    if (first !== run[what]) throw new Error(`One run read ${first} ${what}, another ${run[what]}`);
  }
  return run;
};

export const benchSync = async (
  { messages, channels }: SyncSize,
  databases: readonly BenchDatabase[],
  postgres: PostgresServer,
  { rounds, tell }: BenchSetting,
): Promise<readonly Figure[]> => {
  const world = ['--messages', messages, '--channels', channels, '--members', 50].map(String);
  const simulator = await startSimulatorProcess([...world, '--rate-limits', 'off', '--identify-interval-ms', '0']);
  try {
    const warmUp = await warmUpChannel(simulator);
    const expected = new Map<'pages' | 'messages', number>();
    const measured = await interleave(
      [
        { name: 'fetch', run: async () => perSecond(checked(expected, await fetchOnly(simulator, warmUp))) },
        ...databases.map((database) => ({
          name: database,
          run: async () => {
            const databaseUrl = database === 'PGlite' ? null : await postgres.freshDatabase();
            return perSecond(checked(expected, await syncAll(simulator, warmUp, databaseUrl)));
          },
        })),
      ],
      rounds,
      (line) => tell(`sync, ${line} messages/s`),
    );
    const fetched = measured.get('fetch') ?? [];
    return [
      plain('Fetching without storing', median(fetched), 'messages/s'),
      ...databases.map((database): Figure => {
        const synced = measured.get(database) ?? [];
        return {
          name: `Whole sync, ${database}`,
          value: median(synced),
          unit: 'messages/s',
          ratio: pairedRatio(synced, fetched),
          against: 'fetching without storing',
          aim: { of: 'ratio', bound: 'at least', limit: 0.6 },
        };
      }),
    ];
  } finally {
    await simulator.child.end('SIGTERM');
  }
};
