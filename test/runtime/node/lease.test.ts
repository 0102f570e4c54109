import { setImmediate } from 'node:timers/promises';
import { Clock, Effect, Exit, Scope } from 'effect';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { holdLease, LEASE_MS, type Lease } from '../../../src/runtime/node/lease.ts';
import type { LeaseStore } from '../../../src/runtime/store/lease-store.ts';
import { SimulatedClock } from '../../simulated-clock.ts';

describe('the lease of a node', () => {
  let clock: SimulatedClock;
  let scope: Scope.Closeable;
  let isAway = false;
  /** Whether the database finds that the lease had run out when it is renewed. */
  let hadRunOut = false;
  let renewals: number[];
  let losses: number[];

  /** As long as it is away, a renewal fails; null: it hangs. */
  const leases = (): LeaseStore => ({
    renew: (_nodeId, leaseMs) =>
      Effect.suspend(() => {
        expect(leaseMs).toBe(LEASE_MS);
        if (isAway) return Effect.fail(new StoreUnavailable({ cause: 'away' }));
        renewals.push(clock.now());
        return Effect.succeed({ databaseMs: clock.now(), wasLive: renewals.length > 1 && !hadRunOut });
      }),
    liveNodes: Effect.succeed(1),
    roster: Effect.succeed([]),
    needs: () => Effect.succeed([]),
    claim: () => Effect.succeed([]),
    claimAll: () => Effect.succeed([]),
    release: () => Effect.void,
    disown: () => Effect.void,
    leave: () => Effect.void,
  });

  const hold = (): Promise<Lease> => {
    const events = { lost: Effect.sync(() => void losses.push(clock.now())), renewed: () => {} };
    const holding = holdLease(leases(), 'node', new Map(), events, silentLog);
    return Effect.runPromise(Scope.provide(Effect.provideService(holding, Clock.Clock, clock), scope));
  };

  beforeEach(() => {
    clock = new SimulatedClock(0);
    scope = Scope.makeUnsafe();
    isAway = false;
    hadRunOut = false;
    renewals = [];
    losses = [];
  });
  afterEach(() => Effect.runPromise(Scope.close(scope, Exit.void)));

  it('is renewed every three seconds, and trusted meanwhile', async () => {
    const lease = await hold();
    await clock.advance(60_000, () => setImmediate());
    expect(lease.isTrusted()).toBe(true);
    expect(renewals.length).toBeGreaterThanOrEqual(20);
    expect(renewals.length).toBeLessThanOrEqual(23);
    expect(losses).toEqual([]);
  });

  it('is trusted for seven seconds after the last renewal, and lost once', async () => {
    const lease = await hold();
    await clock.advance(10_000);
    const last = renewals.at(-1) ?? 0;
    isAway = true;
    await clock.advance(last + 6_999 - clock.now());
    expect(lease.isTrusted()).toBe(true);
    await clock.advance(1);
    expect(lease.isTrusted()).toBe(false);
    await clock.advance(60_000);
    expect(losses.length).toBe(1);
    expect((losses[0] ?? 0) - last).toBeLessThan(LEASE_MS - 2_000);
  });

  it('recovers by itself, and can be lost again', async () => {
    const lease = await hold();
    for (const times of [1, 2]) {
      isAway = true;
      await clock.advance(20_000);
      expect([lease.isTrusted(), losses.length]).toEqual([false, times]);
      isAway = false;
      await clock.advance(3_000);
      expect(lease.isTrusted()).toBe(true);
    }
  });

  it('is not trusted before the first renewal, and nothing is lost that was never held', async () => {
    isAway = true;
    const lease = await hold();
    await clock.advance(30_000);
    expect(lease.isTrusted()).toBe(false);
    expect(losses).toEqual([]);
  });

  it('is lost when the database says that it had run out, whatever the own clock says, and holds from then on', async () => {
    const lease = await hold();
    await clock.advance(10_000);
    expect(losses).toEqual([]);
    hadRunOut = true;
    await clock.advance(3_000);
    expect(losses).toHaveLength(1);
    hadRunOut = false;
    await clock.advance(60_000);
    expect([losses.length, lease.isTrusted()]).toEqual([1, true]);
  });

  it('is renewed no more once its scope is closed', async () => {
    await hold();
    await Effect.runPromise(Scope.close(scope, Exit.void));
    const before = renewals.length;
    await clock.advance(30_000);
    expect(renewals.length).toBe(before);
  });
});
