import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Data } from 'effect';
import { messageOf } from '../../domain/errors.ts';

/** DATA_DIR names what is no folder of ours, and cannot become one. */
export class DataDirRefused extends Data.TaggedError('DataDirRefused')<{ readonly message: string }> {}

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
};

/**
 * Folder by folder: Node's own recursive mkdir never returns where a folder takes none and says ENOENT, as /proc does.
 */
const make = (path: string): void => {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) make(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Two services that start together make it once.
    if (!isFolder(path)) throw error;
  }
};

const attempt = (dataDir: string, what: string, work: () => void): void => {
  try {
    work();
  } catch (error) {
    const reason = messageOf(error);
    throw new DataDirRefused({ message: `DATA_DIR ${dataDir} cannot be ${what}: ${reason}` });
  }
};

/** Sees to it that the folder is there and can be written to. Throws `DataDirRefused`. */
export const makeDataDir = (dataDir: string): void => {
  attempt(dataDir, 'created', () => make(dataDir));
  attempt(dataDir, 'written to', () => accessSync(dataDir, constants.W_OK | constants.X_OK));
};
