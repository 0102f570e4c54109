import type { InstanceId } from '../../../src/domain/ids.ts';
import type { BenchSetting } from '../bench-setting.ts';
import type { Figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median } from '../statistics.ts';
import type { BenchStore } from '../store/bench-store.ts';
import { startBenchNode } from './bench-node.ts';
import { commandAll, createInstances } from './instances.ts';
import { instantChannel } from './instant-channel.ts';

/** From the claim of all partitions until each of their instances is restored and has opened its connection, ms. */
const restoreMs = async (store: BenchStore, instances: number): Promise<number> => {
  const opened = new Set<InstanceId>();
  const all = Promise.withResolvers<void>();
  const channel = instantChannel((id) => {
    if (opened.add(id).size === instances) all.resolve();
  });
  const startedAt = performance.now();
  const { close } = await startBenchNode(store, channel);
  try {
    await all.promise;
    return performance.now() - startedAt;
  } finally {
    await close();
  }
};

export const benchRestore = async (
  store: BenchStore,
  instances: number,
  { rounds, tell }: BenchSetting,
): Promise<Figure> => {
  await createInstances(store.connection, instances);
  await commandAll(store.connection, { type: 'connect' });
  // The first time they come to life rather than back to it.
  await restoreMs(store, instances);
  const measured = await interleave(
    [{ name: `restore of ${instances} instances`, run: () => restoreMs(store, instances) }],
    rounds,
    (line) => tell(`runtime, ${line} ms`),
  );
  const [took = []] = measured.values();
  return {
    name: `Restore of ${instances.toLocaleString('en')} connected instances`,
    value: median(took) / 1000,
    unit: 's',
    ratio: null,
    against: null,
    aim: { of: 'value', bound: 'under', limit: 3 },
  };
};
