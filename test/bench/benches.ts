import type { PostgresServer } from '../servers/postgres.ts';
import { type ApiSize, benchApi } from './api/api-bench.ts';
import type { BenchDatabase, BenchSetting } from './bench-setting.ts';
import type { Figure } from './figure.ts';
import { benchPeople, type PeopleSize } from './people/people-bench.ts';
import { benchPeopleSync, type PeopleSyncSize } from './people-sync/people-sync-bench.ts';
import { benchRuntime, type RuntimeSize } from './runtime/runtime-bench.ts';
import { benchStore, type StoreSize } from './store/store-bench.ts';
import { benchSync, type SyncSize } from './sync/sync-bench.ts';

export const BENCHES = ['sync', 'store', 'api', 'runtime', 'people', 'people-sync'] as const;
export type Bench = (typeof BENCHES)[number];

export interface Sizes {
  readonly rounds: number;
  readonly sync: SyncSize;
  readonly store: StoreSize;
  readonly api: ApiSize;
  readonly runtime: RuntimeSize;
  readonly people: PeopleSize;
  readonly 'people-sync': PeopleSyncSize;
}

export const FULL: Sizes = {
  rounds: 9,
  sync: { messages: 24_000 },
  store: { messages: 20_000, conversations: 10 },
  api: { messages: 120_000, channels: 10, clients: 3, idleRequests: 600 },
  runtime: { commands: 2_000, letters: 40_000, questions: 500, idleInstances: 5_000, restoredInstances: 1_000 },
  people: { persons: 100_000, events: 1_000_000, requests: 180 },
  'people-sync': { members: 100_000, latenciesMs: [0, 100] },
};

const DATABASES: readonly BenchDatabase[] = ['PGlite', 'PostgreSQL'];

/** Runs these benches one after another: two at once would measure each other. */
export const runBenches = async (
  benches: readonly Bench[],
  sizes: Sizes,
  postgres: PostgresServer,
  tell: BenchSetting['tell'],
): Promise<readonly Figure[]> => {
  const setting = { rounds: sizes.rounds, tell };
  const run: Record<Bench, () => Promise<readonly Figure[]>> = {
    sync: () => benchSync(sizes.sync, DATABASES, postgres, setting),
    store: () => benchStore(sizes.store, DATABASES, postgres, setting),
    api: () => benchApi(sizes.api, setting),
    runtime: () => benchRuntime(sizes.runtime, postgres, setting),
    people: () => benchPeople(sizes.people, postgres, setting),
    'people-sync': () => benchPeopleSync(sizes['people-sync'], DATABASES, postgres, setting),
  };
  const figures: Figure[] = [];
  for (const bench of benches) figures.push(...(await run[bench]()));
  return figures;
};
