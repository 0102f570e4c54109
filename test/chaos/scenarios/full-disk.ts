import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../harness/cluster.ts';

/** A disk under the messages of a cluster that is about to be full. */
export interface FullDisk {
  readonly what: string;
  /** No message can be stored from now on. */
  readonly fill: () => Promise<unknown>;
  readonly free: () => Promise<unknown>;
  /** After PostgreSQL has ended. */
  readonly close: () => void;
}

const run = (command: string, ...args: readonly string[]): void => void execFileSync(command, args, { stdio: 'pipe' });

/** A table space on a disk of its own, which whoever may mount can have. */
const realDisk = async (cluster: Cluster): Promise<FullDisk> => {
  const folder = mkdtempSync(join(tmpdir(), 'omni-disk-'));
  run('mount', '-t', 'tmpfs', '-o', 'size=64m,mode=0777', 'tmpfs', folder);
  const ballast = join(folder, 'ballast');
  run('mkdir', '-m', '0777', join(folder, 'space'));
  // PostgreSQL wants to own the folder, and runs as somebody else where we are root.
  run('chown', `--reference=${await dataFolder(cluster)}`, join(folder, 'space'));
  await cluster.sql(`CREATE TABLESPACE small LOCATION '${join(folder, 'space')}'`);
  await cluster.sql('ALTER TABLE omni_events SET TABLESPACE small');
  return {
    what: 'a table space on a disk of 64 MB',
    fill: async () => {
      try {
        run('dd', 'if=/dev/zero', `of=${ballast}`, 'bs=64k');
      } catch {
        // It ends when the disk is full.
      }
    },
    free: async () => rmSync(ballast),
    close: () => {
      run('umount', folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const dataFolder = async (cluster: Cluster): Promise<string> => {
  const [row] = await cluster.sql<{ readonly data_directory: string }>('SHOW data_directory');
  return row?.data_directory ?? '';
};

/** Without the right to mount: PostgreSQL says what it says when its disk is full. */
const saidDisk = async (cluster: Cluster): Promise<FullDisk> => {
  await cluster.sql(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
  END $$`);
  return {
    what: 'PostgreSQL answers with 53100',
    fill: () => cluster.sql('CREATE TRIGGER full_disk BEFORE INSERT ON omni_events EXECUTE FUNCTION full_disk()'),
    free: () => cluster.sql('DROP TRIGGER full_disk ON omni_events'),
    close: () => {},
  };
};

export const fullDisk = (cluster: Cluster): Promise<FullDisk> =>
  process.getuid?.() === 0 && process.platform === 'linux'
    ? realDisk(cluster).catch(() => saidDisk(cluster))
    : saidDisk(cluster);
