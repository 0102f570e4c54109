import { afterAll, beforeAll } from 'vitest';
import { quietLibsignal } from './signal/quiet-libsignal.ts';
import { trustSimulator } from './trust.ts';
import { unholdBaileysTimers } from './unheld-timers.ts';

/** For test files in whose process Baileys runs: it believes the simulator, its timers hold nothing, and
 * libsignal does not print. */
export const prepareBaileys = (): void => {
  const undo: (() => void)[] = [];
  beforeAll(() => {
    undo.push(trustSimulator(), unholdBaileysTimers(), quietLibsignal());
  });
  afterAll(() => {
    for (const each of undo) each();
  });
};
