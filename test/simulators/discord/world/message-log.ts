import type { BaseHistory } from './base-history.ts';
import type { SimMessage } from './message.ts';

interface Edit {
  readonly content: string;
  readonly editedAt: number;
}

/**
 * The messages of one channel: the planned history, and on top of it what was posted, edited and deleted.
 * A place is an index into planned then posted messages, deleted ones included; ids rise with it.
 */
export class MessageLog {
  readonly #base: BaseHistory;
  readonly #compose: (index: number) => SimMessage;
  readonly #posted: SimMessage[] = [];
  readonly #edits = new Map<bigint, Edit>();
  readonly #deletedAt = new Map<bigint, number>();

  constructor(base: BaseHistory, compose: (index: number) => SimMessage) {
    this.#base = base;
    this.#compose = compose;
  }

  /** Messages that were ever written, deleted ones included. */
  get places(): number {
    return this.#base.count + this.#posted.length;
  }

  get size(): number {
    return this.places - this.#deletedAt.size;
  }

  /** The id of the newest message ever; Discord keeps naming it in `last_message_id` when it is deleted. */
  get lastId(): bigint | null {
    return this.places === 0 ? null : this.#idAt(this.places - 1);
  }

  get(id: bigint): SimMessage | null {
    const place = this.#countBefore(id);
    return place < this.places && this.#idAt(place) === id ? this.#at(place) : null;
  }

  /** The id must be above every other. */
  append(message: SimMessage): void {
    this.#posted.push(message);
  }

  edit(id: bigint, edit: Edit): SimMessage | null {
    if (this.get(id) === null) return null;
    this.#edits.set(id, edit);
    return this.get(id);
  }

  delete(id: bigint, at: number): boolean {
    if (this.get(id) === null) return false;
    this.#deletedAt.set(id, at);
    return true;
  }

  /** Up to `limit` messages older than `id` (null: from the newest), newest first. */
  before(id: bigint | null, limit: number): SimMessage[] {
    const found: SimMessage[] = [];
    for (
      let place = (id === null ? this.places : this.#countBefore(id)) - 1;
      place >= 0 && found.length < limit;
      place--
    ) {
      const message = this.#at(place);
      if (message !== null) found.push(message);
    }
    return found;
  }

  /** The `limit` messages that follow `id` most closely, newest first. */
  after(id: bigint, limit: number): SimMessage[] {
    const found: SimMessage[] = [];
    for (let place = this.#countBefore(id + 1n); place < this.places && found.length < limit; place++) {
      const message = this.#at(place);
      if (message !== null) found.push(message);
    }
    return found.reverse();
  }

  *oldestFirst(): Generator<SimMessage> {
    for (let place = 0; place < this.places; place++) {
      const message = this.#at(place);
      if (message !== null) yield message;
    }
  }

  *deleted(): Generator<{ readonly id: bigint; readonly deletedAt: number }> {
    for (const [id, deletedAt] of this.#deletedAt) yield { id, deletedAt };
  }

  #idAt(place: number): bigint {
    const posted = this.#posted[place - this.#base.count];
    return posted === undefined ? this.#base.idAt(place) : posted.id;
  }

  #at(place: number): SimMessage | null {
    const message = this.#posted[place - this.#base.count] ?? this.#compose(place);
    if (this.#deletedAt.size > 0 && this.#deletedAt.has(message.id)) return null;
    const edit = this.#edits.size > 0 ? this.#edits.get(message.id) : undefined;
    return edit === undefined ? message : { ...message, ...edit };
  }

  #countBefore(id: bigint): number {
    const first = this.#posted[0];
    if (first === undefined || id <= first.id) return this.#base.countBefore(id);
    let low = 0;
    let high = this.#posted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#posted[middle] as SimMessage).id < id) low = middle + 1;
      else high = middle;
    }
    return this.#base.count + low;
  }
}
