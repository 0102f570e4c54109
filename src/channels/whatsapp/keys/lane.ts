/** Runs pieces of work one after another, in the order in which they came. */
export class Lane {
  #tail: Promise<unknown> = Promise.resolve();

  run<A>(work: () => Promise<A>): Promise<A> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => {});
    return turn;
  }

  /** Resolves when everything that was asked so far is done, however it ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
