import { Clock, Effect, Exit, Scope } from 'effect';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import type { OutboxEvent } from '../../../src/domain/event.ts';
import type { InstanceId } from '../../../src/domain/ids.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { silentMetrics } from '../../../src/domain/metrics.ts';
import { CarrierUnavailable } from '../../../src/runtime/messaging/event-carrier.ts';
import { type OutboxPublisher, startOutboxPublisher } from '../../../src/runtime/node/outbox-publisher.ts';
import { SimulatedClock } from '../../simulated-clock.ts';

type Trouble = 'reading' | 'carrying' | 'marking' | null;

describe('the publisher of the outbox', () => {
  let clock: SimulatedClock;
  let scope: Scope.Closeable;
  let publisher: OutboxPublisher;
  let outbox: OutboxEvent[];
  let carried: number[];
  let trouble: Trouble;
  let asked: number;

  const unlessIn = <A, E>(what: Trouble, error: E, answer: () => A): Effect.Effect<A, E> =>
    Effect.suspend(() => (trouble === what ? Effect.fail(error) : Effect.succeed(answer())));

  const write = (count: number): void => {
    for (let written = 0; written < count; written++) {
      const event = { name: 'instance.state' as const, jobId: null, data: {} };
      outbox.push({ id: outbox.length + 1, instanceId: 'i' as InstanceId, channel: 'discord', at: 0, event });
    }
  };

  beforeEach(async () => {
    clock = new SimulatedClock(0);
    scope = Scope.makeUnsafe();
    outbox = [];
    carried = [];
    trouble = null;
    asked = 0;
    const sent = new Set<number>();
    const away = new StoreUnavailable({ cause: 'away' });
    const starting = startOutboxPublisher({
      outbox: {
        unsent: (partitions, limit) =>
          unlessIn('reading', away, () => {
            asked++;
            expect(partitions).toEqual([3]);
            return outbox.filter(({ id }) => !sent.has(id)).slice(0, limit);
          }),
        markSent: (ids) =>
          unlessIn('marking', away, () => {
            for (const id of ids) sent.add(id);
          }),
        since: () => Effect.succeed([]),
      },
      carrier: {
        publish: (events) =>
          unlessIn('carrying', new CarrierUnavailable({ cause: 'away' }), () => {
            carried.push(...events.map(({ id }) => id));
          }),
        subscribe: () => () => {},
      },
      partitions: () => [3],
      metrics: silentMetrics,
      log: silentLog,
    });
    publisher = await Effect.runPromise(Scope.provide(Effect.provideService(starting, Clock.Clock, clock), scope));
  });
  afterEach(() => Effect.runPromise(Scope.close(scope, Exit.void)));

  const range = (to: number): number[] => Array.from({ length: to }, (_, index) => index + 1);

  it('publishes at once when it is woken, in order, however much there is', async () => {
    write(450);
    publisher.wake();
    await clock.advance(0);
    expect(carried).toEqual(range(450));
  });

  it('looks by itself every five seconds, for what nobody told it of', async () => {
    write(2);
    await clock.advance(4_900);
    expect(carried).toEqual([]);
    await clock.advance(200);
    expect(carried).toEqual([1, 2]);
  });

  it.each(['reading', 'carrying'] as const)('goes on by itself after trouble with %s', async (what) => {
    trouble = what;
    write(2);
    publisher.wake();
    await clock.advance(20_000);
    expect(carried).toEqual([]);
    trouble = null;
    await clock.advance(8_000);
    expect(carried).toEqual([1, 2]);
  });

  it('publishes again what could not be marked: at least once, still in order', async () => {
    trouble = 'marking';
    write(2);
    publisher.wake();
    await clock.advance(0);
    trouble = null;
    await clock.advance(8_000);
    write(1);
    publisher.wake();
    await clock.advance(0);
    expect(carried).toEqual([1, 2, 1, 2, 3]);
  });

  it('does not run hot while there is nothing', async () => {
    await clock.advance(60_000);
    expect(asked).toBeLessThanOrEqual(14);
  });

  it('forgets none of many wake-ups', async () => {
    for (let n = 1; n <= 5; n++) {
      write(1);
      publisher.wake();
      publisher.wake();
      await clock.advance(0);
      expect(carried).toEqual(range(n));
    }
  });
});
