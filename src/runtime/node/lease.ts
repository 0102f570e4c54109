import { Clock, Effect, type Scope } from 'effect';
import type { Log } from '../../domain/log.ts';
import type { MachineVersions } from '../machine-versions.ts';
import { startPerpetual } from '../perpetual.ts';
import type { LeaseStore } from '../store/lease-store.ts';

/** How long a node's right to its partitions lasts without renewal, ms, by the database's clock. */
export const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3_000;
/** Without a renewal for this long, ms on its own monotonic clock, a node no longer trusts its lease. */
const TRUSTED_MS = 7_000;
const WATCH_EVERY_MS = 500;

export interface Lease {
  /** Whether no other node can have taken over yet. Asked before every platform request. */
  readonly isTrusted: () => boolean;
}

export interface LeaseEvents {
  /** The trust is gone: whatever runs under the lease has to stop. Runs once each time. */
  readonly lost: Effect.Effect<void>;
  /** What the database's clock showed since `askedAtMs` on the monotonic one, ms. */
  readonly renewed: (databaseMs: number, askedAtMs: number) => void;
}

/** The lease of a process that a lock proves to be alone. */
export const PROVEN_ALONE: Lease = { isTrusted: () => true };

/**
 * Renews this node's lease every three seconds until the scope closes. The database's clock says when it runs
 * out; this node's monotonic clock says when to stop trusting it, three seconds earlier, so that two nodes never
 * believe in the same partition at once, whatever their wall clocks say. A renewal that hangs is given up by the
 * database's own time-out, early enough for another try within the trust. Where the two clocks disagree, the renewal
 * finds a lease that had run out, which counts as lost too.
 */
export const holdLease = (
  leases: LeaseStore,
  nodeId: string,
  versions: MachineVersions,
  events: LeaseEvents,
  log: Log,
): Effect.Effect<Lease, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock;
    const now = (): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n);
    let renewedAt = Number.NEGATIVE_INFINITY;
    let isHeld = false;
    const isTrusted = (): boolean => now() - renewedAt < TRUSTED_MS;
    const watch = Effect.suspend(() => {
      if (!isHeld || isTrusted()) return Effect.void;
      isHeld = false;
      log.error({ nodeId }, 'The lease could not be renewed: everything that runs under it stops.');
      return events.lost;
    });
    const renew = Effect.gen(function* () {
      const askedAt = now();
      const { databaseMs, wasLive } = yield* leases.renew(nodeId, LEASE_MS, versions);
      // One that comes too late must not hide that others may have taken over meanwhile.
      yield* watch;
      // Our clock may have stood still while this machine was suspended, or the database's jumped ahead.
      if (isHeld && !wasLive) {
        log.error(
          { nodeId },
          'The lease had run out by the clock of the database: everything that runs under it stops.',
        );
        yield* events.lost;
      }
      renewedAt = askedAt;
      isHeld = true;
      events.renewed(databaseMs, askedAt);
    });
    yield* Effect.ignore(renew);
    yield* startPerpetual('renewing the lease', RENEW_EVERY_MS, renew, log);
    yield* startPerpetual('watching the lease', WATCH_EVERY_MS, watch, log);
    return { isTrusted };
  });
