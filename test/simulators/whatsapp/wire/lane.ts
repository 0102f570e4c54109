/** Runs tasks one after the other, in the order in which they came. */
export class Lane {
  #last: Promise<unknown> = Promise.resolve();

  run<A>(task: () => Promise<A>): Promise<A> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves once everything that was given so far is done. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
