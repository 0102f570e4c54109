import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { furnish } from '../../harness/embedded-template.ts';
import { startService } from '../../harness/service.ts';
import { type SimulatorProcess, startSimulatorProcess } from '../../harness/simulator-process.ts';
import type { PostgresServer } from '../../servers/postgres.ts';
import type { BenchDatabase, BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { type Contender, interleave } from '../interleave.ts';
import { median, pairedRatio } from '../statistics.ts';
import { type Run, startFetcher } from './fetcher.ts';

/*
 * A sync with the limiter opened, from the request over the API to the end of the job, against fetching the very same
 * pages without storing them. Simulator, fetcher and one service for each database are processes of their own; each
 * round is a channel that none of them has read before, after two channels to warm up.
 */

export interface SyncSize {
  /** Of each channel; a channel is a round. */
  readonly messages: number;
}

const WARM_UPS = 2;
/** Of the simulated world's messages, all ordinary channels together hold this share. */
const SHARE = 0.4;

/** Reads one channel, by the platform's id, and is told to stop when all are read. */
interface Reader {
  readonly name: string;
  readonly read: (channelId: string) => Promise<Run>;
  readonly end: () => Promise<void>;
}

const fetching = async ({ apiUrl, token }: SimulatorProcess): Promise<Reader> => {
  const { fetch, end } = await startFetcher(apiUrl, token);
  return { name: 'fetch', read: fetch, end };
};

const syncing = async (
  simulator: SimulatorProcess,
  name: BenchDatabase,
  databaseUrl: string | null,
): Promise<Reader> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-bench-'));
  await furnish(dataDir);
  const options = { dataDir, discordApiUrl: simulator.apiUrl };
  const { api, child } = await startService(databaseUrl === null ? options : { ...options, databaseUrl });
  await api.openLimits();
  const { id } = await api.createInstance(simulator.token);
  return {
    name,
    read: async (channelId) => {
      const startedAt = performance.now();
      const { status, progress } = await api.sync(id, { depth: 'all', channelId });
      const tookMs = performance.now() - startedAt;
      if (status !== 'completed') throw new Error(`The sync ended ${status}:\n${child.output}`);
      return { pages: progress.pages, messages: progress.stored, tookMs };
    },
    end: async () => {
      await child.end('SIGTERM');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};

/** Every reader must have read the same of a channel, or their speeds say nothing. */
class Checked {
  readonly #pages = new Map<string, string>();

  perSecond(channelId: string, { pages, messages, tookMs }: Run): number {
    const read = `${messages} messages on ${pages} pages`;
    const others = this.#pages.get(channelId) ?? read;
    if (others !== read) throw new Error(`One has read ${others}, another ${read}`);
    this.#pages.set(channelId, read);
    return (messages * 1000) / tookMs;
  }
}

const channelsOf = async (simulator: SimulatorProcess): Promise<readonly string[]> => {
  const channels = (await (await simulator.control('/_sim/channels')).json()) as { id: string; name: string }[];
  return channels.flatMap(({ id, name }) => (name.startsWith('team-') ? [id] : []));
};

/** A contender reads the channels in their order, one with each run. */
const contenderOf = ({ name, read }: Reader, channels: readonly string[], checked: Checked): Contender => {
  const left = [...channels];
  return {
    name,
    run: async () => {
      const channelId = left.shift();
      if (channelId === undefined) throw new Error('There are fewer channels than rounds');
      return checked.perSecond(channelId, await read(channelId));
    },
  };
};

const figuresOf = (
  databases: readonly BenchDatabase[],
  measured: ReadonlyMap<string, readonly number[]>,
): readonly Figure[] => {
  const fetched = measured.get('fetch') ?? [];
  return [
    plain('Fetching without storing', median(fetched), 'messages/s'),
    ...databases.map((database): Figure => {
      const synced = measured.get(database) ?? [];
      return {
        name: `Sync, ${database}`,
        value: median(synced),
        unit: 'messages/s',
        ratio: pairedRatio(synced, fetched),
        against: 'fetching',
        aim: { of: 'ratio', bound: 'at least', limit: 0.6 },
      };
    }),
  ];
};

export const benchSync = async (
  { messages }: SyncSize,
  databases: readonly BenchDatabase[],
  postgres: PostgresServer,
  { rounds, tell }: BenchSetting,
): Promise<readonly Figure[]> => {
  const channels = rounds + WARM_UPS;
  const world = ['--messages', Math.ceil((messages * channels) / SHARE), '--channels', channels, '--members', 50];
  const unhindered = ['--rate-limits', 'off', '--identify-interval-ms', '0'];
  const simulator = await startSimulatorProcess([...world.map(String), ...unhindered]);
  const readers: Reader[] = [];
  try {
    readers.push(await fetching(simulator));
    for (const database of databases) {
      readers.push(await syncing(simulator, database, database === 'PGlite' ? null : await postgres.freshDatabase()));
    }
    const ids = await channelsOf(simulator);
    tell('sync, warming up');
    for (const { read } of readers) for (const id of ids.slice(0, WARM_UPS)) await read(id);
    const checked = new Checked();
    const contenders = readers.map((reader) => contenderOf(reader, ids.slice(WARM_UPS), checked));
    return figuresOf(databases, await interleave(contenders, rounds, (line) => tell(`sync, ${line} messages/s`)));
  } finally {
    for (const { end } of readers) await end();
    await simulator.child.end('SIGTERM');
  }
};
