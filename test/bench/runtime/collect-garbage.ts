import { memoryUsage } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The collector, also where the process was not started with `--expose-gc`. */
const collector = (): (() => void) => {
  if (globalThis.gc !== undefined) return () => void globalThis.gc?.();
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
};

/** What this process's objects take once everything unused is gone, bytes. */
export const settledHeapBytes = async (): Promise<number> => {
  const collect = collector();
  for (let pass = 0; pass < 3; pass++) {
    await setImmediate();
    collect();
  }
  return memoryUsage().heapUsed;
};
