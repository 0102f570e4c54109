import { eventually } from '../../harness/eventually.ts';
import type { BenchSetting } from '../bench-setting.ts';
import type { Figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median } from '../statistics.ts';
import type { BenchStore } from '../store/bench-store.ts';
import { startBenchNode } from './bench-node.ts';
import { settledHeapBytes } from './collect-garbage.ts';
import { commandAll, createInstances } from './instances.ts';
import { instantChannel } from './instant-channel.ts';

/*
 * What an instance costs that lives and does nothing: disconnected, with no trace but that of coming to life. Each is
 * woken by a command, and ends a minute later, so the heap is read as soon as the last one lives.
 */

const MOST_ROUNDS = 3;
const WITHIN_MS = 55_000;

const bytesPerInstance = async (store: BenchStore, instances: number): Promise<number> => {
  await commandAll(store.connection, { type: 'disconnect' });
  const before = await settledHeapBytes();
  const { node, close } = await startBenchNode(
    store,
    instantChannel(() => {}),
  );
  try {
    await eventually('every instance lives and has run its command', WITHIN_MS, async () => {
      const { length } = node.processes().filter(({ live }) => live !== null && live.lastSeq >= live.rows.lastSeq + 1);
      return length === instances;
    });
    return ((await settledHeapBytes()) - before) / instances;
  } finally {
    await close();
  }
};

export const benchIdleMemory = async (
  store: BenchStore,
  instances: number,
  { rounds, tell }: BenchSetting,
): Promise<Figure> => {
  await createInstances(store.connection, instances);
  const measured = await interleave(
    [{ name: 'idle instance', run: () => bytesPerInstance(store, instances) }],
    Math.min(rounds, MOST_ROUNDS),
    (line) => tell(`runtime, ${line} bytes`),
  );
  return {
    name: `Memory of an idle instance, of ${instances.toLocaleString('en')}`,
    value: median(measured.get('idle instance') ?? []) / 1000,
    unit: 'kB',
    ratio: null,
    against: null,
    aim: { of: 'value', bound: 'under', limit: 30 },
  };
};
