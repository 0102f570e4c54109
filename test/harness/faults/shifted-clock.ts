import process from 'node:process';

/*
 * Preloaded (`node --import`) into a process whose wall clock shall jump: everything that JavaScript can learn of it
 * comes from `Date`. The monotonic clock, and with it every timer, goes on as it does when somebody sets a real clock.
 */

let shiftMs = 0;
const RealDate = Date;
const now = (): number => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});

process.on('message', (message) => {
  if (typeof message !== 'object' || message === null || !('shiftClockMs' in message)) return;
  shiftMs = Number(message.shiftClockMs);
});
// It must not keep a process alive that has come to its end.
process.channel?.unref();
