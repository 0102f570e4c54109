import { isLaterEdit, type Message } from '../../domain/message.ts';

/** How long a page may have been under way when a deletion or an edit overtook it, ms. */
const KEPT_MS = 600_000;
const MOST_KEPT = 10_000;

interface Change {
  readonly at: number;
  /** Null: it was deleted. */
  readonly edited: Message | null;
}

/** What an edit says of a message; who wrote it and when, it may not know. */
const edited = (message: Message, { type, text, payload, editedAt }: Message): Message => ({
  ...message,
  type,
  text,
  payload,
  editedAt,
});

/**
 * Edits and deletions that arrived live, remembered for a while: a page that was requested before them may
 * still bring the message as it was, and there is no row yet to tell that it is old news.
 */
export class RecentChanges {
  readonly #changes = new Map<string, Change>();

  /** What is told again, such as an edit that is older than one that is remembered, changes nothing. */
  remember(externalId: string, edited: Message | null, at: number): void {
    const known = this.#changes.get(externalId);
    if (known !== undefined && edited !== null && !replaces(edited, known.edited)) return;
    this.#changes.delete(externalId);
    this.#changes.set(externalId, { at, edited });
    for (const [id, change] of this.#changes) {
      if (this.#changes.size <= MOST_KEPT && at - change.at < KEPT_MS) break;
      this.#changes.delete(id);
    }
  }

  /**
   * The messages as they are by now: without the deleted ones, with the edits. `readAt`: when a platform that shows
   * edits without dates was asked for them; what it was asked for after an edit shows it, or a later one. Null: no
   * matter.
   */
  applyTo(messages: readonly Message[], readAt: number | null): readonly Message[] {
    if (this.#changes.size === 0) return messages;
    return messages.flatMap((message) => {
      const change = this.#changes.get(message.externalId);
      if (change === undefined) return [message];
      if (change.edited === null) return [];
      const isOvertaken = readAt === null || change.at >= readAt;
      return [isOvertaken && isLaterEdit(change.edited, message) ? edited(message, change.edited) : message];
    });
  }
}

/** A deletion is final. */
const replaces = (edit: Message, known: Message | null): boolean => known !== null && isLaterEdit(edit, known);
