import type { proto } from '@whiskeysockets/baileys';

export type HistoryNotification = proto.Message.IHistorySyncNotification;

/** The requests of this process that still wait for the phone's answer, by the id under which they left. */
export class AwaitedAnswers {
  readonly #waiting = new Map<string, (answer: HistoryNotification) => void>();
  readonly #abandoned = new Map<string, () => void>();

  /** Calls `take` at most once. Returns how to stop waiting; true when nothing was taken until then. */
  expect(requestId: string, take: (answer: HistoryNotification) => void): () => boolean {
    this.#waiting.set(requestId, take);
    return () => this.#waiting.delete(requestId);
  }

  /**
   * Nobody waits for this answer any more: it is kept like what the phone pushes, and `answered` is called, at most once.
   * Returns how to stop.
   */
  abandon(requestId: string, answered: () => void): () => void {
    this.#abandoned.set(requestId, answered);
    return () => this.#abandoned.delete(requestId);
  }

  /** Whoever waits for this answer; it waits no longer, and has to be given it. Null: nobody does. */
  claim(requestId: string | null | undefined): ((answer: HistoryNotification) => void) | null {
    if (requestId === null || requestId === undefined) return null;
    const answered = this.#abandoned.get(requestId);
    this.#abandoned.delete(requestId);
    answered?.();
    const take = this.#waiting.get(requestId) ?? null;
    this.#waiting.delete(requestId);
    return take;
  }
}
