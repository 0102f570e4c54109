import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type BinaryNode,
  DEFAULT_CONNECTION_CONFIG,
  type SignalKeyStoreWithTransaction,
  type SocketConfig,
} from '@whiskeysockets/baileys';
import type { NewPush } from '../../session-vault.ts';
import { tearsOwn } from '../addresses/address-book.ts';
import { gatherMappings } from '../addresses/gathered-mappings.ts';
import { isOwnAddress } from '../addresses/jid.ts';
import { patientLookUp } from '../addresses/lid-lookup.ts';
import type { AuthState } from '../keys/auth-state.ts';
import { Lane } from '../keys/lane.ts';
import { quietly } from '../socket/quiet-signal.ts';
import type { SeenStanzas } from '../socket/seen-stanzas.ts';
import type { AwaitedAnswers } from './awaited-answers.ts';
import type { IncomingHistory } from './incoming-history.ts';
import { keptChange } from './kept-change.ts';
import { keepNews } from './news-keeping.ts';
import { newsIn } from './own-news.ts';

/** Of the transactions here: there is one at a time, so they can share a name. */
const TRANSACTION = 'signal';

type MakeRepository = SocketConfig['makeSignalRepository'];
type Keys = Parameters<MakeRepository>[0]['keys'];

const transactional = (keys: Keys): SignalKeyStoreWithTransaction => {
  if (!('transaction' in keys)) throw new Error('Baileys gave a key store without transactions.');
  return keys;
};

export interface RepositoryOf {
  readonly state: AuthState;
  readonly stanzas: SeenStanzas;
  readonly awaited: AwaitedAnswers;
  readonly incoming: IncomingHistory;
  readonly now: () => number;
  /** Told of the stanza of each message that could not be decrypted, in its turn among those that could. */
  readonly missed: (stanza: BinaryNode) => void;
  /** False once the socket is closed: what is left of its messages comes again, and has to be readable then. */
  readonly isCurrent: () => boolean;
}

/**
 * libsignal's sessions, as Baileys has them, with three promises that Baileys does not make:
 *
 * - What is told once (history and app state keys by a device of our own, edits and deletions by anybody) is durable in
 *   the same write as the ratchet that decrypted it, before `decryptMessage` returns and so before any receipt for it
 *   leaves. A message that comes again after a crash is refused by the ratchet, and what it told is kept.
 * - What was encrypted is only handed out once its ratchet is durable, also where Baileys sends from within a
 *   transaction of its own (`relayMessage`), which it would commit after sending.
 * - One thing at a time: Baileys and libsignal lock by address, and an account has several (phone and LID, each with
 *   and without device) with one session behind them, of which a change could get lost.
 */
export const durableRepository = ({
  state,
  stanzas,
  awaited,
  incoming,
  now,
  missed,
  isCurrent,
}: RepositoryOf): MakeRepository => {
  const lane = new Lane();
  const outside = AsyncLocalStorage.snapshot();
  /** Outside of any transaction that the caller may be in. */
  const alone = <A>(work: () => Promise<A>): Promise<A> => outside(() => lane.run(() => quietly(() => live(work))));
  const live = async <A>(work: () => Promise<A>): Promise<A> => {
    if (!isCurrent()) throw new Error('The connection is closed.');
    return work();
  };

  /**
   * A ratchet that was saved in an earlier life of this process reads its message no second time, and Baileys says
   * nothing of it.
   */
  const orMissed = async <A>(ciphertext: Uint8Array, decrypt: () => Promise<A>): Promise<A> => {
    try {
      return await decrypt();
    } catch (error) {
      const stanza = stanzas.of(ciphertext);
      if (isCurrent() && stanza !== null) missed(stanza);
      throw error;
    }
  };

  const changesIn = (plaintext: Uint8Array, ciphertext: Uint8Array): readonly NewPush[] => {
    const stanza = stanzas.of(ciphertext);
    if (stanza === null) return [];
    const { id = '', lid = '' } = state.creds.me ?? {};
    const kept = keptChange(plaintext, { stanza, me: id, meLid: lid });
    return kept === null ? [] : [kept];
  };

  return (auth, logger, lidsOf) => {
    const keys = transactional(auth.keys);
    const lookUp = lidsOf === undefined ? undefined : patientLookUp(lidsOf, now);
    const inner = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, lookUp);
    const { lidMapping } = inner;
    const store = gatherMappings(lidMapping.storeLIDPNMappings.bind(lidMapping), outside);
    lidMapping.storeLIDPNMappings = (pairs) => store(pairs.filter((pair) => !tearsOwn(state.creds.me, pair)));
    const inTransaction = <A>(work: () => Promise<A>): Promise<A> => alone(() => keys.transaction(work, TRANSACTION));

    const decryptMessage: typeof inner.decryptMessage = async (sealed) => {
      let hand = (): void => {};
      const plaintext = await alone(() =>
        state.keeping((pushes) =>
          keys.transaction(async () => {
            const decrypted = await orMissed(sealed.ciphertext, () => inner.decryptMessage(sealed));
            pushes.push(...changesIn(decrypted, sealed.ciphertext));
            const news = isOwnAddress(state.creds.me, sealed.jid) ? newsIn(decrypted) : null;
            if (news !== null)
              hand = await keepNews(news, {
                awaited,
                incoming,
                now,
                pushes,
                setKeys: async (secrets) => keys.set(secrets),
              });
            return decrypted;
          }, TRANSACTION),
        ),
      );
      hand();
      return plaintext;
    };

    const decryptGroupMessage: typeof inner.decryptGroupMessage = (sealed) =>
      alone(() =>
        state.keeping((pushes) =>
          keys.transaction(async () => {
            const decrypted = await orMissed(sealed.msg, () => inner.decryptGroupMessage(sealed));
            pushes.push(...changesIn(decrypted, sealed.msg));
            return decrypted;
          }, TRANSACTION),
        ),
      );

    return {
      ...inner,
      decryptMessage,
      decryptGroupMessage,
      processSenderKeyDistributionMessage: (key) => inTransaction(() => inner.processSenderKeyDistributionMessage(key)),
      encryptMessage: (open) => inTransaction(() => inner.encryptMessage(open)),
      encryptGroupMessage: (open) => inTransaction(() => inner.encryptGroupMessage(open)),
      getSenderKeyDistributionMessage: (of) => inTransaction(() => inner.getSenderKeyDistributionMessage(of)),
      injectE2ESession: (session) => inTransaction(() => inner.injectE2ESession(session)),
      deleteSession: (jids) => inTransaction(() => inner.deleteSession(jids)),
      migrateSession: async (from, to) =>
        tearsOwn(state.creds.me, { lid: to, pn: from })
          ? { migrated: 0, skipped: 0, total: 0 }
          : inTransaction(() => inner.migrateSession(from, to)),
    };
  };
};
