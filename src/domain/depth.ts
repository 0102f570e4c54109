import { Schema } from 'effect';
import { DAY_MS } from './instant.ts';

export const SyncDepth = Schema.Literals(['7d', '30d', '90d', '1y', 'all']);
export type SyncDepth = typeof SyncDepth.Type;

const DAYS: Record<Exclude<SyncDepth, 'all' | '1y'>, number> = { '7d': 7, '30d': 30, '90d': 90 };

/** The oldest instant (ms) that a depth asks for, seen from `now` (ms); 0 for all time. A year is a calendar year. */
export const sinceOf = (depth: SyncDepth, now: number): number => {
  if (depth === 'all') return 0;
  if (depth !== '1y') return now - DAYS[depth] * DAY_MS;
  const date = new Date(now);
  date.setUTCFullYear(date.getUTCFullYear() - 1);
  return date.getTime();
};
