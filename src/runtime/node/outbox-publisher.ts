import { Clock, Effect, Queue, type Scope } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { Log } from '../../domain/log.ts';
import type { Metrics } from '../../domain/metrics.ts';
import type { CarrierUnavailable, EventCarrier } from '../messaging/event-carrier.ts';
import { startPerpetual } from '../perpetual.ts';
import type { OutboxStore } from '../store/outbox-store.ts';

const AT_ONCE = 200;
/** Looked for even when nobody said so: a crash between commit and publication leaves rows behind. */
const LOOK_EVERY = '5 seconds';
const REST_AFTER_FAILURE = '2 seconds';

export interface OutboxPublisherSetting {
  readonly outbox: OutboxStore;
  readonly carrier: EventCarrier;
  /** Whose events this node publishes: those of the instances it owns. */
  readonly partitions: () => readonly number[];
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface OutboxPublisher {
  /** There is something to publish. Never blocks. */
  readonly wake: () => void;
}

/** Publishes committed events in the order of their ids, at least once, until the scope closes. */
export const startOutboxPublisher = (
  setting: OutboxPublisherSetting,
): Effect.Effect<OutboxPublisher, never, Scope.Scope> =>
  Effect.gen(function* () {
    const wakeUps = yield* Queue.sliding<void>(1);
    const round = Queue.take(wakeUps).pipe(Effect.timeoutOption(LOOK_EVERY), Effect.andThen(publishAll(setting)));
    yield* startPerpetual(
      'publishing events',
      0,
      Effect.tapCause(round, () => Effect.sleep(REST_AFTER_FAILURE)),
      setting.log,
    );
    return { wake: () => void Queue.offerUnsafe(wakeUps, undefined) };
  });

const publishAll = ({
  outbox,
  carrier,
  partitions,
  metrics,
}: OutboxPublisherSetting): Effect.Effect<void, StoreUnavailable | CarrierUnavailable> =>
  Effect.gen(function* () {
    for (;;) {
      const events = yield* outbox.unsent(partitions(), AT_ONCE);
      if (events.length === 0) return;
      yield* carrier.publish(events);
      yield* outbox.markSent(
        events.map(({ id }) => id),
        yield* Clock.currentTimeMillis,
      );
      metrics.count('omni_outbox_published_total', {}, events.length);
      if (events.length < AT_ONCE) return;
    }
  });
