import { ALL_WA_PATCH_NAMES, type WASocket } from '@whiskeysockets/baileys';
import type { AuthState } from '../keys/auth-state.ts';

/** The collection with the names that the owner saved (`contactAction` of WhatsApp's app state). */
export const ADDRESS_BOOK = 'critical_unblock_low';

/** Whether the phone gave us a key, without which the app state cannot be read. */
export const holdsKey = async (state: AuthState): Promise<boolean> =>
  state.creds.myAppStateKeyId !== undefined || (await state.readAll('app-state-sync-key')).size > 0;

const isDue = async (state: AuthState): Promise<boolean> => {
  if (!(await holdsKey(state))) return false;
  const held = await state.keys.get('app-state-sync-version', [...ALL_WA_PATCH_NAMES]);
  return ALL_WA_PATCH_NAMES.some((name) => held[name] === undefined);
};

/** Whether the address book was received at all: there is a version of it that was read. */
export const holdsAddressBook = async (state: AuthState): Promise<boolean> => {
  const held = await state.keys.get('app-state-sync-version', [ADDRESS_BOOK]);
  return held[ADDRESS_BOOK] !== undefined && held[ADDRESS_BOOK] !== null;
};

/**
 * Reads the address book from its beginning. Its changes alone come by themselves, each of them once: one that arrived
 * just before a crash would be missing for good. Should the connection end in between, the next one reads it all.
 */
export const rereadAddressBook = async (socket: WASocket, state: AuthState): Promise<void> => {
  await state.keys.set({ 'app-state-sync-version': { [ADDRESS_BOOK]: null } });
  await socket.resyncAppState([ADDRESS_BOOK], true);
};

/**
 * Reads the app state (names that the owner saved, among others) where it was never read: after pairing, and after a
 * crash in between. Later changes come by themselves. What it brings, Baileys emits as events.
 */
export class AppStateReading {
  readonly #onFault: (error: unknown) => void;
  #running = false;
  #wantedAgain = false;

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** To be called when the connection is open, and when keys arrive. */
  look(socket: WASocket, state: AuthState): void {
    this.#wantedAgain = true;
    if (this.#running) return;
    this.#running = true;
    void this.#run(socket, state);
  }

  async #run(socket: WASocket, state: AuthState): Promise<void> {
    try {
      while (this.#wantedAgain) {
        this.#wantedAgain = false;
        if (await isDue(state)) await socket.resyncAppState(ALL_WA_PATCH_NAMES, true);
      }
    } catch (error) {
      this.#onFault(error);
    } finally {
      this.#running = false;
    }
  }
}
