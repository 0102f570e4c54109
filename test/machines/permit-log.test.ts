import { expect, test } from 'vitest';
import { caughtUp, MINUTE_MS, nextRoomAt, type PermitLog, room } from '../../machines/permit-log.ts';

const HOUR_MS = 60 * MINUTE_MS;
const LIMIT = 60;
const NOW = Date.UTC(2026, 0, 1);
/** Ten a while ago, by a clock that was set back afterwards. */
const ahead = (ms: number): PermitLog => Array.from({ length: 10 }, (_, index) => [NOW + ms + index, 1] as const);

test('a log from before a clock was set back keeps nobody waiting longer than a window', () => {
  const log = caughtUp(ahead(3 * HOUR_MS), NOW);
  expect(room(log, 0, LIMIT, NOW)).toBe(0);
  expect(nextRoomAt(log, 0, LIMIT, NOW)).toBeLessThanOrEqual(NOW + 11_000);
  expect(room(log, 0, LIMIT, NOW + MINUTE_MS + 1_000)).toBe(10);
});

test('what lies ahead by less than a window, as one node’s time may beside another’s, stays as it is', () => {
  const log = ahead(500);
  expect(caughtUp(log, NOW)).toEqual(log);
});
