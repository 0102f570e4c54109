import type { BinaryNode } from '@whiskeysockets/baileys';

/**
 * The stanzas of messages, by the ciphertexts that they carry: Baileys gives its signal repository the ciphertext
 * alone, and only the stanza says which message it is, and in which chat.
 */
export class SeenStanzas {
  readonly #byCiphertext = new WeakMap<Uint8Array, BinaryNode>();

  see(frame: BinaryNode): void {
    if (frame.tag !== 'message' || !Array.isArray(frame.content)) return;
    for (const { content } of frame.content) {
      if (content instanceof Uint8Array) this.#byCiphertext.set(content, frame);
    }
  }

  of(ciphertext: Uint8Array): BinaryNode | null {
    return this.#byCiphertext.get(ciphertext) ?? null;
  }
}
