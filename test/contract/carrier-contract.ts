import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutboxEvent } from '../../src/domain/event.ts';
import { InstanceId, JobId } from '../../src/domain/ids.ts';
import type { EventCarrier } from '../../src/runtime/messaging/event-carrier.ts';
import { Arrivals } from './arrivals.ts';

export interface CarrierDriver {
  readonly name: string;
  /** The carrier as two nodes see it. In one process both are the same. */
  readonly open: () => Promise<readonly [EventCarrier, EventCarrier]>;
  readonly close: () => Promise<void>;
}

export const event = (id: number, changes: Partial<OutboxEvent> = {}): OutboxEvent => ({
  id,
  instanceId: InstanceId.make(randomUUID()),
  channel: 'discord',
  at: Date.UTC(2026, 0, 1) + id,
  event: { name: 'sync.progress', jobId: JobId.make(randomUUID()), data: { fetched: id, text: 'größer' } },
  ...changes,
});

/** Publishes until the subscription has reached the server, which a node does not wait for. */
const untilHeard = async (heard: Arrivals<OutboxEvent>, carrier: EventCarrier): Promise<void> => {
  for (let id = -1; heard.all.length === 0; id -= 1) await Effect.runPromise(carrier.publish([event(id)]));
};

export const carrierContract = (driver: CarrierDriver): void => {
  describe(`the carrier of events on ${driver.name}`, () => {
    let here: EventCarrier;
    let there: EventCarrier;
    beforeAll(async () => {
      [here, there] = await driver.open();
    });
    afterAll(() => driver.close());

    const subscribed = async (carrier: EventCarrier) => {
      const heard = new Arrivals<OutboxEvent>();
      const unsubscribe = carrier.subscribe(heard.add);
      await untilHeard(heard, here);
      return { heard, unsubscribe };
    };
    const since = (heard: Arrivals<OutboxEvent>) => heard.all.filter(({ id }) => id > 0);

    it('brings events of one node to the subscribers of every node, as they are and in order', async () => {
      const [ours, theirs] = [await subscribed(here), await subscribed(there)];
      const instance = event(1, { event: { name: 'instance.state', jobId: null, data: { state: 'online' } } });
      const events = [instance, ...Array.from({ length: 200 }, (_, index) => event(index + 2))];
      await Effect.runPromise(here.publish(events));
      for (const { heard, unsubscribe } of [ours, theirs]) {
        await heard.until((all) => all.at(-1)?.id === 201);
        unsubscribe();
        expect(since(heard)).toEqual(events);
      }
    });

    it('brings nothing more to who has unsubscribed', async () => {
      const gone = await subscribed(there);
      const stays = await subscribed(there);
      gone.unsubscribe();
      const before = gone.heard.all.length;
      await Effect.runPromise(here.publish([event(1)]));
      await stays.heard.until((all) => all.some(({ id }) => id === 1));
      stays.unsubscribe();
      expect(gone.heard.all).toHaveLength(before);
    });

    it('takes an event again that a crash left unmarked', async () => {
      const again = event(5_000);
      await Effect.runPromise(here.publish([again]));
      await Effect.runPromise(there.publish([again, event(5_001)]));
    });

    it('takes nothing at all', async () => {
      await Effect.runPromise(here.publish([]));
    });
  });
};
