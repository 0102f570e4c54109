import { Clock, Effect, Schedule, type Scope } from 'effect';
import type { Log } from '../domain/log.ts';
import type { LeaseStore } from './store.ts';

/** How long a node's right to its partitions lasts without renewal, ms, by the database's clock. */
export const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3_000;
/** Without a renewal for this long, ms on its own monotonic clock, a node no longer trusts its lease. */
const TRUSTED_MS = 7_000;

export interface Lease {
  /** Whether no other node can have taken over yet. Asked before every platform request. */
  readonly isTrusted: () => boolean;
}

/** What happens to a node's right to its partitions. */
export interface LeaseEvents {
  /** The lease could not be renewed in time: whatever runs under it has to stop. */
  readonly lost: Effect.Effect<void>;
  /** The lease was renewed; called each time, so free partitions can be taken. */
  readonly renewed: Effect.Effect<void>;
}

/**
 * Renews this node's lease every three seconds until the scope closes. The database's clock says when it runs
 * out; this node's monotonic clock says when to stop trusting it, three seconds earlier, so that two nodes never
 * believe in the same partition at once, whatever their wall clocks say.
 */
export const holdLease = (
  leases: LeaseStore,
  nodeId: string,
  events: LeaseEvents,
  log: Log,
): Effect.Effect<Lease, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock;
    const now = (): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n);
    let renewedAt = Number.NEGATIVE_INFINITY;
    let isHeld = false;
    const isTrusted = (): boolean => now() - renewedAt < TRUSTED_MS;
    const lose = Effect.suspend(() => {
      if (!isHeld || isTrusted()) return Effect.void;
      isHeld = false;
      log.error({ nodeId }, 'The lease could not be renewed: everything that runs under it stops.');
      return events.lost;
    });
    const renew = Effect.gen(function* () {
      const askedAt = now();
      yield* leases.renew(nodeId, LEASE_MS).pipe(Effect.timeout(RENEW_EVERY_MS));
      renewedAt = askedAt;
      isHeld = true;
      yield* events.renewed;
    });
    const round = renew.pipe(Effect.catchCause(() => lose));
    yield* round;
    yield* Effect.forkScoped(Effect.repeat(round, Schedule.spaced(RENEW_EVERY_MS)));
    yield* Effect.forkScoped(Effect.repeat(lose, Schedule.spaced(500)));
    return { isTrusted };
  });
