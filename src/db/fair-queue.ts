/**
 * Runs pieces of work one at a time in the order in which they came. Between two of them the event loop gets a
 * turn: the embedded database runs on this thread, and a queue that never empties would starve every socket.
 */
export class FairQueue {
  #tail: Promise<void> = Promise.resolve();

  run<A>(work: () => Promise<A>): Promise<A> {
    const turn = this.#tail.then(eventLoopTurn).then(work);
    this.#tail = turn.then(ignore, ignore);
    return turn;
  }

  /** Resolves when everything that was asked for until now is done. */
  drained(): Promise<void> {
    return this.#tail;
  }
}

const eventLoopTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const ignore = () => {};
