import type { LIDMapping, SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';

type Store = SignalRepositoryWithLIDStore['lidMapping']['storeLIDPNMappings'];

/**
 * Stores what is told in one turn of the event loop in one write: the app state of an account tells mappings one by
 * one, thousands of them. `outside` runs work outside of any key transaction, so that each caller knows that what it
 * told is durable when it is answered.
 */
export const gatherMappings = (store: Store, outside: <A>(work: () => A) => A): Store => {
  let gathered: LIDMapping[] = [];
  let writing: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const pairs = gathered;
    gathered = [];
    writing = null;
    await store(pairs);
  };
  return (pairs) => {
    if (pairs.length === 0) return Promise.resolve();
    gathered.push(...pairs);
    writing ??= outside(write);
    return writing;
  };
};
