import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseRefused } from '../database-refused.ts';

/** Holds the key that was made on the first start, readable by its owner only. Belongs in the backup. */
const KEY_FILE = 'secret.key';

const SHORTEST = 32;

/** Throws `DatabaseRefused` for a secret that would be guessed. `name`: where it was given. */
export const refuseWeak = (secret: string, name: string): void => {
  if (secret.length >= SHORTEST) return;
  throw new DatabaseRefused({
    message: `${name} is too weak: it needs ${SHORTEST} characters. Make one with "openssl rand -base64 32".`,
  });
};

/** What the key file holds; null when there is none. */
export const readKeyFile = (dataDir: string): string | null => {
  const path = join(dataDir, KEY_FILE);
  if (!existsSync(path)) return null;
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  const secret = readFileSync(path, 'utf8').trim();
  refuseWeak(secret, path);
  return secret;
};

/** Makes the key file: complete on the disk before it gets its name, so that no crash leaves half a key behind. */
export const createKeyFile = (dataDir: string): string => {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, KEY_FILE);
  const draft = `${path}.${process.pid}`;
  const secret = randomBytes(32).toString('base64');
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, `${secret}\n`);
    fsyncSync(file);
    linkSync(draft, path);
  } finally {
    closeSync(file);
    rmSync(draft);
  }
  return secret;
};
