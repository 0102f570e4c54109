import type { WASocket } from '@whiskeysockets/baileys';

type Emitter = WASocket['ws'];
type Listener = Parameters<Emitter['on']>[1];

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise;

/**
 * Baileys listens to its socket with async functions whose failures nobody catches: a garbled frame, or a socket that
 * closes at the wrong moment, would be an unhandled rejection and take the process down with every other instance.
 * To be called right after the socket was made, when only its own listeners are there.
 */
export const containFaults = (emitter: Emitter, onFault: (error: unknown) => void): void => {
  for (const name of emitter.eventNames()) {
    for (const listener of emitter.listeners(name)) {
      emitter.off(name as string, listener as Listener);
      emitter.on(name as string, (...args: unknown[]) => {
        try {
          const result: unknown = Reflect.apply(listener, emitter, args);
          if (isPromise(result)) result.catch(onFault);
        } catch (error) {
          onFault(error);
        }
      });
    }
  }
};
