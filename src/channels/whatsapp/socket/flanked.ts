import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';

type Emitter = WASocket['ws'];
type Listener = Parameters<Emitter['on']>[1];

export interface Flanks {
  /**
   * Null: nothing to do, and the library hears of the stanza at once. Where it rejects, the library does not hear of
   * it, and so does not acknowledge it.
   */
  readonly before?: (stanza: BinaryNode) => Promise<void> | null;
  readonly after?: (stanza: BinaryNode) => unknown;
}

/**
 * Does something of ours before and after what the library does about a stanza. To be called right after the socket was
 * made, before `containFaults`, which takes care of what fails here.
 */
export const flank = (emitter: Emitter, name: string, { before, after }: Flanks): void => {
  for (const listener of emitter.listeners(name)) {
    emitter.off(name, listener as Listener);
    emitter.on(name, async (stanza: BinaryNode) => {
      const first = before?.(stanza) ?? null;
      if (first !== null) await first;
      await Reflect.apply(listener, emitter, [stanza]);
      after?.(stanza);
    });
  }
};
