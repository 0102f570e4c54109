import { isLidUser, isPnUser } from '@whiskeysockets/baileys';
import type { AuthState } from './auth-state.ts';
import { plainJid } from './jid.ts';

/**
 * Under which address the phone itself knows a direct chat. Phones move their chats from numbers to LIDs, one by one and
 * at their own time; asked for one under an address that it does not use, a phone stays silent.
 */
export interface ChatAddresses {
  /** The phone told of chats under these addresses. */
  readonly heard: (jids: readonly string[]) => Promise<void>;
  /** What to ask the phone for. */
  readonly of: (externalId: string) => Promise<string>;
}

export const chatAddresses = (state: () => AuthState | null): ChatAddresses => ({
  heard: async (jids) => {
    const lids = [...new Set(jids.map(plainJid))].filter((jid) => isLidUser(jid) === true);
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
    return (await state()?.recall('lid-chat', [lid]))?.has(lid) === true ? lid : externalId;
  },
});
