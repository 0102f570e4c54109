/*
 * Baileys leaves timers behind when a socket ends (the time-out of a pre-key upload runs for 30 s, caches sweep for
 * minutes), and has no way to end them. They do nothing any more, yet they would hold a process, and the leak check
 * rightly counts what holds a process.
 */

const BAILEYS = /node_modules[\\/](@whiskeysockets[\\/]baileys|@cacheable|cacheable|lru-cache)[\\/]/;

/** From now on, timers that Baileys starts do not hold this process. For tests. Returns how to undo it. */
export const unholdBaileysTimers = (): (() => void) => {
  const own = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
  const unheld = <T extends NodeJS.Timeout>(timer: T): T => {
    if (BAILEYS.test(new Error('who starts it?').stack ?? '')) timer.unref();
    return timer;
  };
  const wrap = <F extends typeof setTimeout | typeof setInterval>(start: F): F =>
    new Proxy(start, { apply: (target, self, args) => unheld(Reflect.apply(target, self, args) as NodeJS.Timeout) });
  globalThis.setTimeout = wrap(own.setTimeout);
  globalThis.setInterval = wrap(own.setInterval);
  return () => Object.assign(globalThis, own);
};
