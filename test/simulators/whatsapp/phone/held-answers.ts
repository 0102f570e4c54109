interface Held {
  readonly send: () => Promise<void>;
  readonly timer: NodeJS.Timeout | null;
}

/** Answers that come late: after a while, or when somebody lets go of them. */
export class HeldAnswers {
  readonly #held = new Set<Held>();

  /** `ms` null: until `release`. */
  hold(ms: number | null, send: () => Promise<void>): void {
    const held: Held = { send, timer: ms === null ? null : setTimeout(() => void this.#letGo(held), ms) };
    this.#held.add(held);
  }

  /** Everything that is held goes out, in the order in which it was asked for. */
  async release(): Promise<void> {
    for (const held of [...this.#held]) await this.#letGo(held);
  }

  close(): void {
    for (const { timer } of this.#held) if (timer !== null) clearTimeout(timer);
    this.#held.clear();
  }

  async #letGo(held: Held): Promise<void> {
    if (!this.#held.delete(held)) return;
    if (held.timer !== null) clearTimeout(held.timer);
    await held.send();
  }
}
