type Lane = 'reads' | 'writes';

/**
 * Runs pieces of work one at a time. Reads and writes wait in lanes of their own, which take turns: a request waits
 * for one transaction at most, however many steps are lined up, and a step for one read. Within a lane the order is
 * that of coming. Between two pieces the event loop gets a turn: the embedded database runs on this thread, and a
 * queue that never empties would starve every socket.
 */
export class FairQueue {
  readonly #waiting: Readonly<Record<Lane, (() => Promise<void>)[]>> = { reads: [], writes: [] };
  #last: Lane = 'writes';
  #running: Promise<void> | null = null;

  run<A>(lane: Lane, work: () => Promise<A>): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      this.#waiting[lane].push(() => work().then(resolve, reject));
      this.#running ??= this.#runAll();
    });
  }

  /** Resolves when nothing is left to do. */
  async drained(): Promise<void> {
    await this.#running;
  }

  async #runAll(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      await eventLoopTurn();
      await next();
    }
    this.#running = null;
  }

  #next(): (() => Promise<void>) | undefined {
    const other: Lane = this.#last === 'reads' ? 'writes' : 'reads';
    const lane = this.#waiting[other].length > 0 ? other : this.#last;
    const next = this.#waiting[lane].shift();
    if (next !== undefined) this.#last = lane;
    return next;
  }
}

const eventLoopTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
