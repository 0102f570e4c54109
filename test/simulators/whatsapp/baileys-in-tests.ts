import { afterAll, beforeAll } from 'vitest';
import { trustSimulator } from './trust.ts';
import { unholdBaileysTimers } from './unheld-timers.ts';

/** For test files in whose process Baileys runs: it believes the simulator, and its timers hold nothing. */
export const prepareBaileys = (): void => {
  const undo: (() => void)[] = [];
  beforeAll(() => {
    undo.push(trustSimulator(), unholdBaileysTimers());
  });
  afterAll(() => {
    for (const each of undo) each();
  });
};
