import type { SocketConfig } from '@whiskeysockets/baileys';

type LookUp = NonNullable<Parameters<SocketConfig['makeSignalRepository']>[2]>;

/** How long a number without a LID is left alone. */
const PATIENCE_MS = 10 * 60_000;
const MOST = 10_000;

/**
 * Asks the server for the LIDs of phone addresses, as Baileys would for each message and several times, but once in a
 * while. It answers with nothing where the server does not: a message can be decrypted without, and would be lost
 * otherwise.
 */
export const patientLookUp = (lookUp: LookUp, now: () => number): LookUp => {
  const askedAt = new Map<string, number>();
  return async (jids) => {
    const due = jids.filter((jid) => now() - (askedAt.get(jid) ?? Number.NEGATIVE_INFINITY) >= PATIENCE_MS);
    if (due.length === 0) return [];
    if (askedAt.size > MOST) askedAt.clear();
    for (const jid of due) askedAt.set(jid, now());
    try {
      return await lookUp(due);
    } catch {
      return [];
    }
  };
};
