/** What arrived, in order, and a way to wait for more. */
export class Arrivals<A> {
  readonly #items: A[] = [];
  readonly #waiting = new Set<() => void>();

  readonly add = (item: A): void => {
    this.#items.push(item);
    for (const look of [...this.#waiting]) look();
  };

  get all(): readonly A[] {
    return this.#items;
  }

  /** Resolves when so many have arrived. The test's time limit bounds it. */
  count(enough: number): Promise<readonly A[]> {
    return this.until((items) => items.length >= enough);
  }

  until(isEnough: (items: readonly A[]) => boolean): Promise<readonly A[]> {
    const { promise, resolve } = Promise.withResolvers<readonly A[]>();
    const look = (): void => {
      if (!isEnough(this.#items)) return;
      this.#waiting.delete(look);
      resolve(this.#items);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }
}
