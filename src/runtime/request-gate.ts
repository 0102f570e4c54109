import { Effect } from 'effect';

/** How often a lost trust is looked for again, ms. */
const TRUST_CHECK_MS = 250;

/**
 * The last door before a platform request. It closes the moment an answer says "too much", in the same turn
 * of the event loop, so that nothing leaves while the step that starts the cooldown is still on its way; and
 * nobody passes while this node cannot be sure of its lease.
 */
export class RequestGate {
  #reasons = 0;
  /** Whether this node can be sure of its lease. */
  readonly isTrusted: () => boolean;

  constructor(isTrusted: () => boolean) {
    this.isTrusted = isTrusted;
  }

  /**
   * Waits until this node can be sure of its lease. Whoever waits is mostly ended meanwhile; yet partitions may also be
   * taken by a claim whose answer came late, in a moment without trust, and stay here when it comes back.
   */
  get trusted(): Effect.Effect<void> {
    return Effect.suspend(() => (this.isTrusted() ? Effect.void : Effect.delay(this.trusted, TRUST_CHECK_MS)));
  }

  /**
   * Behind a shut gate a step is on its way that recalls this permit and ends this walk; a lost trust may come back.
   */
  get pass(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.isShut) return Effect.never;
      return this.isTrusted() ? Effect.void : Effect.delay(this.pass, TRUST_CHECK_MS);
    });
  }

  get isShut(): boolean {
    return this.#reasons > 0;
  }

  shut(): void {
    this.#reasons++;
  }

  /** Called once for each `shut`, when a step has committed what the limiter makes of it. */
  open(): void {
    this.#reasons--;
  }
}
