import { AsyncLocalStorage } from 'node:async_hooks';

/** The methods through which libsignal prints sessions, private keys and all (its `session_record.js`). */
const METHODS = ['log', 'info', 'warn', 'error'] as const;

const quiet = new AsyncLocalStorage<true>();
let installed = false;

const install = (): void => {
  if (installed) return;
  installed = true;
  const target = globalThis.console;
  for (const method of METHODS) {
    const print = target[method].bind(target);
    target[method] = (...words: unknown[]): void => {
      if (quiet.getStore() === undefined) print(...words);
    };
  }
};

/** Runs work of libsignal's, whose words for the console are dropped; everybody else's pass. */
export const quietly = <A>(work: () => Promise<A>): Promise<A> => {
  install();
  return quiet.run(true, work);
};
