/**
 * The last door before a platform request. It closes the moment an answer says "too much", in the same turn
 * of the event loop, so that nothing leaves while the step that starts the cooldown is still on its way; and
 * it is closed while this node cannot be sure of its lease.
 */
export class RequestGate {
  #shut = false;
  readonly #isTrusted: () => boolean;

  constructor(isTrusted: () => boolean) {
    this.#isTrusted = isTrusted;
  }

  get isOpen(): boolean {
    return !this.#shut && this.#isTrusted();
  }

  shut(): void {
    this.#shut = true;
  }

  /** Called once a step has committed what the limiter makes of it. */
  open(): void {
    this.#shut = false;
  }
}
