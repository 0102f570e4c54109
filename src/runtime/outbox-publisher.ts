import { Clock, Effect, Queue, Schedule, type Scope } from 'effect';
import type { StoreUnavailable } from '../domain/errors.ts';
import type { OutboxEvent } from '../domain/event.ts';
import type { Log } from '../domain/log.ts';
import type { Metrics } from '../domain/metrics.ts';
import type { EventFeed } from './event-feed.ts';
import type { OutboxStore } from './store.ts';

const AT_ONCE = 200;
/** Looked for even when nobody said so: a crash between commit and publication leaves rows behind. */
const LOOK_EVERY = '5 seconds';

export interface OutboxPublisher extends EventFeed {
  /** There is something to publish. Never blocks. */
  readonly wake: () => void;
}

/** Publishes committed events in the order of their ids, at least once, until the scope closes. */
export const startOutboxPublisher = (
  outbox: OutboxStore,
  metrics: Metrics,
  log: Log,
): Effect.Effect<OutboxPublisher, never, Scope.Scope> =>
  Effect.gen(function* () {
    const subscribers = new Set<(event: OutboxEvent) => void>();
    const wakeUps = yield* Queue.sliding<void>(1);
    yield* Effect.forkScoped(
      Queue.take(wakeUps).pipe(
        Effect.timeoutOption(LOOK_EVERY),
        Effect.andThen(publishAll(outbox, subscribers, metrics)),
        Effect.tapError(() =>
          Effect.sync(() => log.warn({}, 'The database is away; events are published when it is back.')),
        ),
        Effect.retry(Schedule.spaced('2 seconds')),
        Effect.forever,
      ),
    );
    return {
      wake: () => void Queue.offerUnsafe(wakeUps, undefined),
      subscribe: (onEvent) => {
        subscribers.add(onEvent);
        return () => subscribers.delete(onEvent);
      },
    };
  });

const publishAll = (
  outbox: OutboxStore,
  subscribers: ReadonlySet<(event: OutboxEvent) => void>,
  metrics: Metrics,
): Effect.Effect<void, StoreUnavailable> =>
  Effect.gen(function* () {
    for (;;) {
      const events = yield* outbox.unsent(AT_ONCE);
      if (events.length === 0) return;
      for (const event of events) for (const tell of subscribers) tell(event);
      yield* outbox.markSent(
        events.map(({ id }) => id),
        yield* Clock.currentTimeMillis,
      );
      metrics.count('omni_outbox_published_total', {}, events.length);
      if (events.length < AT_ONCE) return;
    }
  });
