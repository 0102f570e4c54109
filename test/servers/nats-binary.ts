import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The oldest nats-server that the service works with. */
const OLDEST = [2, 9] as const;

const USUAL_PLACES = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/bin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/home/linuxbrew/.linuxbrew/bin',
];

const INSTALLER = fileURLToPath(new URL('../../.ci/install-servers', import.meta.url));

const isNewEnough = (binary: string): boolean => {
  const said = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(said) ?? [];
  return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
};

const find = (): string | null => {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...USUAL_PLACES];
  return folders.map((folder) => join(folder, 'nats-server')).find(isNewEnough) ?? null;
};

/** Finds nats-server, installing it where that is possible. Throws, and says what to do, where it is not. */
export const natsBinary = (): string => {
  const present = find();
  if (present !== null) return present;
  const installed = spawnSync('bash', [INSTALLER], { encoding: 'utf8' });
  const binary = find();
  if (binary !== null) return binary;
  throw new Error(
    `These tests need nats-server ${OLDEST.join('.')} or later. Run "sudo bash .ci/install-servers", ` +
      `or set NATS_URL to a server with JetStream.\n${installed.stderr?.slice(-2_000)}`,
  );
};
