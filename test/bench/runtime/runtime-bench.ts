import { startNats } from '../../servers/nats.ts';
import type { PostgresServer } from '../../servers/postgres.ts';
import type { BenchSetting } from '../bench-setting.ts';
import type { Figure } from '../figure.ts';
import { type BenchStore, openBenchStore } from '../store/bench-store.ts';
import { benchAsk } from './ask-time.ts';
import { benchCommands } from './command-rate.ts';
import { benchDelivery } from './delivery-rate.ts';
import { benchIdleMemory } from './idle-memory.ts';
import { benchRestore } from './restore-time.ts';

/* The runtime on PostgreSQL and NATS: what its guarantees cost, against the same servers without them. */

export interface RuntimeSize {
  /** In each round. */
  readonly commands: number;
  readonly letters: number;
  readonly questions: number;
  readonly idleInstances: number;
  readonly restoredInstances: number;
}

const onDatabase = async <A>(postgres: PostgresServer, bench: (store: BenchStore) => Promise<A>): Promise<A> => {
  const store = await openBenchStore(await postgres.freshDatabase());
  try {
    return await bench(store);
  } finally {
    await store.close();
  }
};

export const benchRuntime = async (
  size: RuntimeSize,
  postgres: PostgresServer,
  setting: BenchSetting,
): Promise<readonly Figure[]> => {
  const nats = await startNats();
  try {
    return [
      ...(await onDatabase(postgres, (store) => benchCommands(store, size.commands, setting))),
      ...(await benchDelivery(nats.url, size.letters, setting)),
      ...(await onDatabase(postgres, (store) => benchAsk(store, nats.url, size.questions, setting))),
      await onDatabase(postgres, (store) => benchIdleMemory(store, size.idleInstances, setting)),
      await onDatabase(postgres, (store) => benchRestore(store, size.restoredInstances, setting)),
    ];
  } finally {
    await nats.stop();
  }
};
