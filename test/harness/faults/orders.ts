import type { Child } from '../child.ts';
import type { Order, Strike } from './strike.ts';

/** Plans one more strike for a process that runs; null: drops all that are planned. */
export const arm = (child: Child, strike: Strike | null): Promise<void> => {
  const order: Order = { arm: strike };
  return child.tell(order);
};

/** Resolves when the process is struck; rejects if it ends without. */
export const struck = (child: Child): Promise<void> =>
  child.said((line) => (typeof line['struck'] === 'object' ? null : undefined)).then(() => {});

/** Sets the wall clock of a process so far beside the real one, ms. */
export const shiftClock = (child: Child, shiftClockMs: number): Promise<void> => child.tell({ shiftClockMs });
