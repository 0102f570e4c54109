import { isLidUser, isPnUser } from '@whiskeysockets/baileys';
import type { AuthState } from '../keys/auth-state.ts';
import { plainJid } from './jid.ts';

/**
 * Under which address the phone itself knows a direct chat. Phones move their chats from numbers to LIDs, one by one
 * and at their own time; asked for one under an address that it does not use, a phone stays silent. So a chat of which
 * both are known is asked for under the other one after a silence.
 */
export interface ChatAddresses {
  /** Chats go under these addresses. */
  readonly heard: (jids: readonly string[]) => Promise<void>;
  /** What to ask the phone for. */
  readonly of: (externalId: string) => Promise<string>;
  /** The phone did not answer when it was asked for this. */
  readonly unanswered: (address: string) => void;
}

/** Addresses of which it is remembered that they were not answered. */
const MOST_UNANSWERED = 10_000;

export const chatAddresses = (state: () => AuthState | null): ChatAddresses => {
  const silent = new Set<string>();
  const between = (first: string, second: string): string => {
    if (!silent.has(first)) return first;
    if (!silent.has(second)) return second;
    silent.delete(first);
    silent.delete(second);
    return first;
  };
  return {
    heard: async (jids) => {
      const lids = [...new Set(jids.map(plainJid))].filter((jid) => isLidUser(jid) === true);
      if (lids.length === 0) return;
      const held = await state()?.recall('lid-chat', lids);
      const fresh = lids.filter((lid) => held?.has(lid) === false);
      if (fresh.length > 0) await state()?.remember(fresh.map((name) => ({ kind: 'lid-chat', name, value: 'told' })));
    },
    of: async (externalId) => {
      if (!isPnUser(externalId)) return externalId;
      const user = externalId.slice(0, externalId.indexOf('@'));
      const lidUser = (await state()?.keys.get('lid-mapping', [user]))?.[user];
      if (lidUser === undefined) return externalId;
      const lid = `${lidUser}@lid`;
      const isLid = (await state()?.recall('lid-chat', [lid]))?.has(lid) === true;
      return isLid ? between(lid, externalId) : between(externalId, lid);
    },
    unanswered: (address) => {
      if (silent.size >= MOST_UNANSWERED) silent.clear();
      silent.add(address);
    },
  };
};
