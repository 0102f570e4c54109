import { setTimeout } from 'node:timers/promises';
import type { Report } from '../report.ts';
import { seconds } from '../report.ts';
import { atWork } from './at-work.ts';
import { type FullDisk, fullDisk } from './full-disk.ts';

const FULL_MS = 30_000;

/** The disk under the messages is full for half a minute: whatever needs it waits, and goes on by itself. */
export const diskFull = async (seed: number): Promise<Report> => {
  let disk: FullDisk | null = null;
  const prepare = async (cluster: Parameters<typeof fullDisk>[0]) => {
    disk = await fullDisk(cluster);
  };
  try {
    return await atWork({ nodes: 2, bots: 6, messages: 600, prepare }, seed, async ({ cluster, requested }) => {
      const full = disk as FullDisk | null;
      if (full === null) throw new Error('There is no disk');
      await requested(20);
      const stored = () => cluster.sql<{ readonly count: number }>('SELECT count(*)::int AS count FROM omni_events');
      await full.fill();
      await setTimeout(FULL_MS / 2);
      const [before] = await stored();
      await setTimeout(FULL_MS / 2);
      const [after] = await stored();
      const refusals = cluster.nodes.filter(({ child }) => child.output.includes('could not be committed')).length;
      const failed = await cluster.sql("SELECT id FROM sync_jobs WHERE status = 'failed'");
      const dead = await cluster.sql('SELECT id FROM dead_letters');
      const survivors = cluster.nodes.filter(({ isRunning }) => isRunning).length;
      await full.free();
      return {
        line: `${full.what}, full for ${seconds(FULL_MS)}: ${survivors} of ${cluster.nodes.length} nodes live, ${failed.length} jobs failed, ${dead.length} dead letters`,
        problems: [
          ...(before?.count === after?.count && refusals > 0 ? [] : ['nobody noticed that the disk was full']),
          ...(survivors === cluster.nodes.length ? [] : ['a node did not survive it']),
          ...(failed.length + dead.length === 0 ? [] : ['something failed for it']),
        ],
      };
    });
  } finally {
    (disk as FullDisk | null)?.close();
  }
};
