import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideRestart,
  MAX_RESTARTS,
  NO_RESTARTS,
  RESTART_WINDOW_MS,
  type RestartLog,
  STABLE_AFTER_MS,
} from '../../machines/restart-policy.ts';
import { SEED } from './seed.ts';

const fail = (log: RestartLog, at: number, stableSince: number | null = null, random = 0) =>
  decideRestart(log, { at, random, stableSince });

describe('the restart policy', () => {
  it('doubles the backoff from one second, and gives up after five restarts in a minute', () => {
    let log = NO_RESTARTS;
    const waits: number[] = [];
    for (let at = 0; at < 5_000; at += 1_000) {
      const decision = fail(log, at);
      log = decision.log;
      if (decision.restart) waits.push(decision.at - at);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(fail(log, 5_000).restart).toBe(false);
    expect(fail(log, 5_000).log.total).toBe(5);
  });

  it('allows restarts again when the window has passed, with the backoff where it was, up to a minute', () => {
    let log = NO_RESTARTS;
    let at = 0;
    const waits: number[] = [];
    for (let failures = 0; failures < 9; failures++) {
      const decision = fail(log, at, null, 0.999);
      if (!decision.restart) throw new Error('It was to be restarted');
      waits.push(decision.at - at);
      log = decision.log;
      at += RESTART_WINDOW_MS;
    }
    expect(waits[0]).toBeLessThanOrEqual(1_250);
    expect(waits.slice(6)).toEqual([60_000, 60_000, 60_000]);
  });

  it('forgets the past after five stable minutes, not before', () => {
    const log: RestartLog = { recent: [1, 2, 3, 4, 5], inARow: 5, total: 5 };
    const at = 10_000;
    expect(fail(log, at, at - STABLE_AFTER_MS + 1).restart).toBe(false);
    expect(fail(log, at, at - STABLE_AFTER_MS)).toEqual({
      restart: true,
      at: at + 1_000,
      log: { recent: [at], inARow: 1, total: 6 },
    });
  });

  it(`never restarts more often than the policy says (TEST_SEED=${SEED})`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(30_000)),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (pauses, random) => {
          let log = NO_RESTARTS;
          let at = 0;
          const restarts: number[] = [];
          for (const pause of pauses) {
            at += pause;
            const decision = fail(log, at, null, random);
            log = decision.log;
            if (!decision.restart) continue;
            restarts.push(at);
            expect(decision.at - at).toBeGreaterThanOrEqual(1_000);
            expect(decision.at - at).toBeLessThanOrEqual(60_000);
            const recent = restarts.filter((instant) => at - instant < RESTART_WINDOW_MS);
            expect(recent.length).toBeLessThanOrEqual(MAX_RESTARTS);
          }
        },
      ),
      { seed: SEED },
    );
  });
});
