import { Effect } from 'effect';
import type { PostgresServer } from '../../servers/postgres.ts';
import type { BenchDatabase, BenchSetting } from '../bench-setting.ts';
import type { Figure } from '../figure.ts';
import { plain } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median, pairedRatio } from '../statistics.ts';
import { type BenchStore, openBenchStore } from './bench-store.ts';
import { type ConversationPages, messagePages } from './message-pages.ts';
import { storeByCopy, storeOneByOne } from './message-rows.ts';
import { storeBySteps } from './store-step.ts';

/*
 * The step that stores a page, with all that belongs to it, against storing the same messages one by one, and against
 * COPY. Every run begins with an empty table; pages are in memory, so nothing is fetched.
 */

export interface StoreSize {
  readonly messages: number;
  readonly conversations: number;
}

/** One by one is so slow that a part of the messages must do; a small table is to its advantage. */
const SHARE_ONE_BY_ONE = 5;

const compared = async (
  store: BenchStore,
  conversations: readonly ConversationPages[],
  label: string,
  { rounds, tell }: BenchSetting,
): Promise<readonly Figure[]> => {
  const few = conversations.slice(0, Math.max(1, Math.floor(conversations.length / SHARE_ONE_BY_ONE)));
  const cleared = (run: () => Promise<number>) => async () => {
    await store.clear();
    return run();
  };
  await storeBySteps(store, few);
  const measured = await interleave(
    [
      { name: 'steps', run: cleared(() => storeBySteps(store, conversations)) },
      { name: 'COPY', run: cleared(() => storeByCopy(store, conversations)) },
      { name: 'one by one', run: cleared(() => storeOneByOne(store, few)) },
    ],
    rounds,
    (line) => tell(`store, ${label}, ${line} messages/s`),
  );
  const of = (name: string): readonly number[] => measured.get(name) ?? [];
  const steps = (against: string, limit: number): Figure => ({
    name: `Store step, ${label}`,
    value: median(of('steps')),
    unit: 'messages/s',
    ratio: pairedRatio(of('steps'), of(against)),
    against,
    aim: { of: 'ratio', bound: 'at least', limit },
  });
  return [
    plain(`Select, then insert, one by one, ${label}`, median(of('one by one')), 'messages/s'),
    plain(`COPY of all at once, ${label}`, median(of('COPY')), 'messages/s'),
    steps('one by one', 8),
    steps('COPY', 0.5),
  ];
};

export const benchStore = async (
  { messages, conversations }: StoreSize,
  databases: readonly BenchDatabase[],
  postgres: PostgresServer,
  setting: BenchSetting,
): Promise<readonly Figure[]> => {
  const pages = messagePages(messages, conversations);
  const figures: Figure[] = [];
  for (const database of databases) {
    const store = await openBenchStore(database === 'PGlite' ? null : await postgres.freshDatabase());
    try {
      for (const isIndexed of [false, true]) {
        await Effect.runPromise(store.db.setSearchIndex(isIndexed));
        const label = `${database}, ${isIndexed ? 'with' : 'without'} search index`;
        figures.push(...(await compared(store, pages, label, setting)));
      }
    } finally {
      await store.close();
    }
  }
  return figures;
};
