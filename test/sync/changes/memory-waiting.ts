import type { MessageChanges } from '../../../src/channels/channel.ts';
import type { Message } from '../../../src/domain/message.ts';

/** What waits for one message. */
export interface Waiting {
  readonly edit: Message | null;
  readonly deletedAt: number | null;
  readonly since: number;
}

/** Changes that met no message, by conversation and message. */
export class MemoryWaiting {
  readonly #changes = new Map<string, Map<string, Waiting>>();

  copy(): MemoryWaiting {
    const copy = new MemoryWaiting();
    for (const [conversation, changes] of this.#changes) copy.#changes.set(conversation, new Map(changes));
    return copy;
  }

  get conversations(): readonly string[] {
    return [...this.#changes.keys()];
  }

  keep(conversation: string, { edited, deleted }: MessageChanges, at: number): void {
    for (const edit of edited) this.#put(conversation, edit.externalId, { edit, deletedAt: null, since: at });
    for (const id of deleted) this.#put(conversation, id, { edit: null, deletedAt: at, since: at });
  }

  move(alias: string, externalId: string): void {
    for (const [id, waiting] of this.#changes.get(alias) ?? []) this.#put(externalId, id, waiting);
    this.#changes.delete(alias);
  }

  /** What waits for this message, which is used up. */
  take(conversation: string, id: string): Waiting | null {
    const waiting = this.#changes.get(conversation)?.get(id) ?? null;
    this.#changes.get(conversation)?.delete(id);
    return waiting;
  }

  #put(conversation: string, id: string, change: Waiting): void {
    const changes = this.#changes.get(conversation) ?? new Map<string, Waiting>();
    this.#changes.set(conversation, changes);
    const known = changes.get(id);
    const isLater = (change.edit?.editedAt ?? -1) >= (known?.edit?.editedAt ?? -1);
    const later = known === undefined || isLater ? change : known;
    changes.set(id, { ...later, deletedAt: known?.deletedAt ?? change.deletedAt });
  }
}
