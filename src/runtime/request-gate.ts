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
