import { AsyncLocalStorage } from 'node:async_hooks';
import type { SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys';
import { BadAnswer } from '../../platform-failure.ts';

const VERSIONS = 'app-state-sync-version';
/**
 * Baileys itself gives a collection up that it failed to take in twice (`MAX_SYNC_ATTEMPTS`); one more for patience.
 */
const MOST_READS = 3;

/**
 * Ends a reading of the app state that goes nowhere. Baileys asks for its collections until it has them all
 * (`resyncAppState`): a server that answers with nothing would be asked without a pause, and one that does not answer
 * once a minute, both for ever and within a key transaction. Each round looks up the versions of what is still missing,
 * and what was taken in gets a new one.
 */
export const limitAppStateReads = (keys: SignalKeyStoreWithTransaction): void => {
  const reads = new AsyncLocalStorage<Map<string, number>>();
  const { get, set, transaction } = keys;
  keys.transaction = (work, name) =>
    keys.isInTransaction() ? transaction(work, name) : reads.run(new Map(), () => transaction(work, name));
  keys.get = async (kind, names) => {
    const counts = keys.isInTransaction() && kind === VERSIONS ? reads.getStore() : undefined;
    for (const name of counts === undefined ? [] : names) {
      const count = (counts?.get(name) ?? 0) + 1;
      if (count > MOST_READS)
        throw new BadAnswer({ message: 'WhatsApp did not answer when it was asked for the app state.', raw: null });
      counts?.set(name, count);
    }
    return get(kind, names);
  };
  keys.set = async (data) => {
    if (data[VERSIONS] !== undefined) reads.getStore()?.clear();
    return set(data);
  };
};
