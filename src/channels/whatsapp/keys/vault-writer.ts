import { Cause, Effect, Exit } from 'effect';
import type { SessionVault, VaultChange, VaultFailure } from '../../session-vault.ts';
import { Lane } from './lane.ts';

/** Nothing can be written any more: the connection is closed, or an earlier write failed. */
export class WriterClosed extends Error {
  override readonly name = 'WriterClosed';
}

/**
 * Writes to the vault, one change after another. The first failure is the last write: what the library holds in memory
 * is then ahead of what is durable, so `onFailure` must end the connection before it returns, and nothing that the
 * library believes to have saved may leave.
 */
export class VaultWriter {
  readonly #vault: SessionVault;
  readonly #onFailure: (failure: VaultFailure | null) => void;
  readonly #lane = new Lane();
  #open = true;
  #failed = false;

  constructor(vault: SessionVault, onFailure: (failure: VaultFailure | null) => void) {
    this.#vault = vault;
    this.#onFailure = onFailure;
  }

  /** `change` is asked for when its turn comes; null: there is nothing to write. Rejects when it is not durable. */
  write(change: () => VaultChange | null): Promise<void> {
    if (!this.#open) return Promise.reject(new WriterClosed('The connection is closed; nothing is saved any more.'));
    return this.#lane.run(() => this.#commit(change()));
  }

  /** Lets what was begun come to its end, and refuses everything after it. */
  async close(): Promise<void> {
    this.#open = false;
    await this.#lane.idle();
  }

  /** Resolves when everything written so far is durable, or failed. */
  settled(): Promise<void> {
    return this.#lane.idle();
  }

  async #commit(change: VaultChange | null): Promise<void> {
    if (this.#failed) throw new WriterClosed('An earlier write failed; nothing is saved any more.');
    if (change === null) return;
    const exit = await Effect.runPromiseExit(this.#vault.write(change));
    if (Exit.isSuccess(exit)) return;
    this.#open = false;
    this.#failed = true;
    const reason = exit.cause.reasons.find(Cause.isFailReason);
    this.#onFailure(reason?.error ?? null);
    throw new WriterClosed('The session could not be saved.');
  }
}
