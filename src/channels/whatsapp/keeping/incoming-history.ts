import { proto } from '@whiskeysockets/baileys';

const { RECENT, FULL, NO_HISTORY } = proto.Message.HistorySyncType;

/** How long after pairing the first piece may take to come, ms: the phone has to gather it. */
const FIRST_PIECE_MS = 30_000;
/** A phone that has sent nothing for so long has probably sent it all, ms: not every one says so. */
const QUIET_MS = 10_000;
/** How soon to look again, ms. */
const LOOK_AGAIN_MS = 3_000;

/**
 * Whether the phone may still be sending history by itself, as it does after pairing. Until it is done, what is held
 * says little about what there is: a list of chats that ends now would end a job that has read nothing.
 */
export class IncomingHistory {
  readonly #wantsFull: boolean;
  #isPairing = false;
  #until: number | null = null;
  #hasCome = false;

  /** With a depth of `full` the year comes after the last three months. */
  constructor(wantsFull: boolean) {
    this.#wantsFull = wantsFull;
  }

  paired(): void {
    this.#isPairing = true;
  }

  opened(at: number): void {
    if (!this.#hasCome) this.#until = at + (this.#isPairing ? FIRST_PIECE_MS : QUIET_MS);
  }

  /** The server has nothing left that waited for us. */
  nothingWaits(): void {
    if (!this.#isPairing && !this.#hasCome) this.#until = null;
  }

  /** `progress` is the phone's own measure, in percent of one type (`HistorySyncNotification`). */
  came({ syncType, progress }: proto.Message.IHistorySyncNotification, at: number): void {
    const ends = syncType === FULL || (syncType === RECENT && !this.#wantsFull);
    const isLast = syncType === NO_HISTORY || (ends && (progress ?? 0) >= 100);
    this.#hasCome = true;
    this.#until = isLast ? null : at + QUIET_MS;
  }

  /** When to look again, ms; null: nothing is expected any more. */
  arrivesUntil(now: number): number | null {
    if (this.#until === null || now >= this.#until) return null;
    return Math.min(this.#until, now + LOOK_AGAIN_MS);
  }
}
