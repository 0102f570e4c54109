const METHODS = ['log', 'info', 'warn', 'error'] as const;
const LIBSIGNAL = /node_modules[\\/]libsignal[\\/]/;

/** libsignal prints whole sessions, private keys included, to the console. Returns how to undo it. */
export const quietLibsignal = (): (() => void) => {
  const own = Object.fromEntries(METHODS.map((method) => [method, console[method]]));
  for (const method of METHODS) {
    const print = console[method];
    console[method] = (...words: unknown[]) => {
      if (!LIBSIGNAL.test(new Error('who prints?').stack ?? '')) print(...words);
    };
  }
  return () => Object.assign(console, own);
};
