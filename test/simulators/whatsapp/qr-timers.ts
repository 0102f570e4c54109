/** Of Baileys' `socket.js`: what shows the next QR code, or gives up after the last one. */
const QR_TIMER = /\bgenPairQR\b/;

export interface QrTimers {
  /** The QR code that is shown has had its time. */
  readonly expire: () => void;
  readonly undo: () => void;
}

/**
 * Takes the lifetime of QR codes from the clock, in this process: a minute for the first one, 20 s for each further
 * one.
 */
export const holdQrTimers = (): QrTimers => {
  const own = globalThis.setTimeout;
  let due: () => void = () => {};
  const start = (...[callback, ms, ...rest]: Parameters<typeof setTimeout>): NodeJS.Timeout => {
    if (!QR_TIMER.test(new Error('who starts it?').stack ?? '')) return own(callback, ms, ...rest);
    due = () => callback();
    return own(() => {}, ms).unref();
  };
  globalThis.setTimeout = Object.assign(start, own) as typeof setTimeout;
  return {
    expire: () => due(),
    undo: () => {
      globalThis.setTimeout = own;
    },
  };
};
