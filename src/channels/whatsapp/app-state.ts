import { ALL_WA_PATCH_NAMES, type WASocket } from '@whiskeysockets/baileys';
import type { AuthState } from './auth-state.ts';

/** Whether we hold a key, without which the app state cannot be read, and lack some of its collections. */
const isDue = async (state: AuthState): Promise<boolean> => {
  if (state.creds.myAppStateKeyId === undefined && (await state.readAll('app-state-sync-key')).size === 0) return false;
  const held = await state.keys.get('app-state-sync-version', [...ALL_WA_PATCH_NAMES]);
  return ALL_WA_PATCH_NAMES.some((name) => held[name] === undefined);
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
