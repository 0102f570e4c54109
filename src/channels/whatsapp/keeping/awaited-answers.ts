import { proto } from '@whiskeysockets/baileys';

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
   * Nobody waits for this answer any more: it is kept like what the phone pushes, and `answered` is called, at most
   * once. Returns how to stop.
   */
  abandon(requestId: string, answered: () => void): () => void {
    this.#abandoned.set(requestId, answered);
    return () => this.#abandoned.delete(requestId);
  }

  /** Whoever waits for this answer; it waits no longer, and has to be given it. Null: nobody does. */
  claim(answer: HistoryNotification): ((answer: HistoryNotification) => void) | null {
    const requestId = answer.peerDataRequestSessionId || this.#onlyOne(answer);
    if (requestId === null) return null;
    const answered = this.#abandoned.get(requestId);
    this.#abandoned.delete(requestId);
    answered?.();
    const take = this.#waiting.get(requestId) ?? null;
    this.#waiting.delete(requestId);
    return take;
  }

  /** A phone that does not say what it answers answers the one request that it was asked. */
  #onlyOne({ syncType }: HistoryNotification): string | null {
    if (syncType !== proto.HistorySync.HistorySyncType.ON_DEMAND) return null;
    const [only = null, ...others] = [...this.#waiting.keys(), ...this.#abandoned.keys()];
    return others.length === 0 ? only : null;
  }
}
