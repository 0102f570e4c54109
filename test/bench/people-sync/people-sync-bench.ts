import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { furnish } from '../../harness/embedded-template.ts';
import { startService } from '../../harness/service.ts';
import { type SimulatorProcess, startSimulatorProcess } from '../../harness/simulator-process.ts';
import type { PostgresServer } from '../../servers/postgres.ts';
import type { BenchDatabase, BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { type Contender, interleave } from '../interleave.ts';
import { median, pairedRatio } from '../statistics.ts';
import { startFetcher } from '../sync/fetcher.ts';

/*
 * A sync of contacts with the limiter opened, from the request over the API to the end of the job, against fetching the
 * same pages of members without storing them. Simulator, fetcher and service are processes of their own; each round
 * stores into a new database, for members that are held already would cost less. Twice: with a platform that answers at
 * once, where fetching 1,000 members takes a hundredth of a second and everything else shows, and with one that takes
 * as long for them as a platform across a network does, while the page before is stored.
 */

export interface PeopleSyncSize {
  /** Of the larger of two guilds; the other one has 40, which are in both. */
  readonly members: number;
  /** How late the platform answers; it is measured with each. */
  readonly latenciesMs: readonly number[];
}

/** A sync of 100,000 takes its time, and differs less from round to round than one of a channel. */
const MOST_ROUNDS = 3;

const FETCH_MEMBERS = fileURLToPath(new URL('./fetch-members.ts', import.meta.url));

/** What the fetching process says of one survey. */
interface Fetched {
  readonly pages: number;
  readonly members: number;
  readonly tookMs: number;
}

/** Members per second of one sync into a database that nobody has used. */
const syncOnce = async (
  simulator: SimulatorProcess,
  databaseUrl: string | null,
  { members }: PeopleSyncSize,
): Promise<number> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-bench-'));
  await furnish(dataDir);
  const options = { dataDir, discordApiUrl: simulator.apiUrl };
  const { api, child } = await startService(databaseUrl === null ? options : { ...options, databaseUrl });
  try {
    await api.openLimits();
    await api.call('PATCH', '/settings', { 'sync.onConnect': false });
    const { id } = await api.createInstance(simulator.token);
    const startedAt = performance.now();
    const { status, progress } = await api.sync(id, { type: 'contacts' });
    const tookMs = performance.now() - startedAt;
    // The bot itself is a member, too.
    if (status !== 'completed' || progress.stored !== members + 1)
      throw new Error(`The sync ended ${status}, and stored ${progress.stored} contacts:\n${child.output}`);
    return (progress.fetched * 1000) / tookMs;
  } finally {
    await child.end('SIGTERM');
    await rm(dataDir, { recursive: true, force: true });
  }
};

const figuresOf = (
  databases: readonly BenchDatabase[],
  measured: ReadonlyMap<string, readonly number[]>,
  where: string,
): readonly Figure[] => {
  const fetched = measured.get('fetch') ?? [];
  return [
    plain(`Fetching members without storing${where}`, median(fetched), 'members/s'),
    ...databases.map((database): Figure => {
      const synced = measured.get(database) ?? [];
      return {
        name: `Sync of contacts, ${database}${where}`,
        value: median(synced),
        unit: 'members/s',
        ratio: pairedRatio(synced, fetched),
        against: 'fetching',
        aim: { of: 'ratio', bound: 'at least', limit: 0.6 },
      };
    }),
  ];
};

const benchAt = async (
  latencyMs: number,
  size: PeopleSyncSize,
  databases: readonly BenchDatabase[],
  postgres: PostgresServer,
  { rounds, tell }: BenchSetting,
): Promise<readonly Figure[]> => {
  const where = latencyMs === 0 ? '' : `, answers after ${latencyMs} ms`;
  const world = ['--messages', '10', '--channels', '1', '--members', `${size.members}`, '--latency-ms', `${latencyMs}`];
  const simulator = await startSimulatorProcess([...world, '--rate-limits', 'off', '--identify-interval-ms', '0']);
  const fetcher = await startFetcher<Fetched>(simulator.apiUrl, simulator.token, FETCH_MEMBERS);
  try {
    tell(`people-sync${where}, warming up`);
    await fetcher.fetch('contacts');
    const fetching: Contender = {
      name: 'fetch',
      run: async () => {
        const { members, tookMs } = await fetcher.fetch('contacts');
        return (members * 1000) / tookMs;
      },
    };
    const syncing = databases.map((name): Contender => {
      const freshDatabase = async () => (name === 'PGlite' ? null : await postgres.freshDatabase());
      return { name, run: async () => syncOnce(simulator, await freshDatabase(), size) };
    });
    const line = (told: string): void => tell(`people-sync${where}, ${told} members/s`);
    return figuresOf(databases, await interleave([fetching, ...syncing], Math.min(rounds, MOST_ROUNDS), line), where);
  } finally {
    await fetcher.end();
    await simulator.child.end('SIGTERM');
  }
};

export const benchPeopleSync = async (
  size: PeopleSyncSize,
  databases: readonly BenchDatabase[],
  postgres: PostgresServer,
  setting: BenchSetting,
): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  for (const latencyMs of size.latenciesMs)
    figures.push(...(await benchAt(latencyMs, size, databases, postgres, setting)));
  return figures;
};
