import { type BaileysEventMap, type BinaryNode, proto } from '@whiskeysockets/baileys';
import type { PlatformFailure } from '../../platform-failure.ts';
import { refusalOf } from './history.ts';

/** Who waits for what becomes of a message of ours. */
export interface Watcher {
  readonly fails: (failure: PlatformFailure) => void;
  /** The phone could not read it and asks for it anew. */
  readonly again: () => void;
}

/** What becomes of the messages that we send to the phone: refused by the server, unreadable there, or lost. */
export class OwnMessages {
  readonly #watchers = new Map<string, Watcher>();

  /** Returns how to stop. */
  readonly watch = (id: string, watcher: Watcher): (() => void) => {
    this.#watchers.set(id, watcher);
    return () => this.#watchers.delete(id);
  };

  /** A receipt of type `retry` asks for a message anew. */
  onReceipt({ attrs }: BinaryNode): void {
    if (attrs['type'] === 'retry') this.#watchers.get(attrs['id'] ?? '')?.again();
  }

  /** The server acknowledges a message with an error. */
  onUpdates(updates: BaileysEventMap['messages.update']): void {
    for (const { key, update } of updates) {
      const watcher = key.id ? this.#watchers.get(key.id) : undefined;
      if (watcher === undefined || update.status !== proto.WebMessageInfo.Status.ERROR) continue;
      const parameters: unknown = update.messageStubParameters;
      watcher.fails(refusalOf(Array.isArray(parameters) ? String(parameters[0]) : 'no reason'));
    }
  }

  /** The socket is gone: nobody will say anything about any of them. */
  fail(failure: PlatformFailure): void {
    const watchers = [...this.#watchers.values()];
    this.#watchers.clear();
    for (const { fails } of watchers) fails(failure);
  }
}
