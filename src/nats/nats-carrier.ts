import type { Msg } from '@nats-io/transport-node';
import { Effect, Option, Schema } from 'effect';
import { OutboxEvent } from '../domain/event.ts';
import { CarrierUnavailable, type EventCarrier } from '../runtime/messaging/event-carrier.ts';
import { isMissing } from './failure-fate.ts';
import type { Naming } from './naming.ts';
import type { NatsLink, NatsSession } from './nats-link.ts';

const CONFIRM_TIMEOUT_MS = 5_000;
/** Room for the subject and headers that JetStream counts as part of a message. */
const MARGIN_BYTES = 1_024;

const decodeEvent = Schema.decodeUnknownOption(Schema.fromJsonString(OutboxEvent));

/**
 * Events on JetStream, for whoever subscribes there with any client (docs/EVENTS.md). The live streams of this and
 * every other node listen to the same subjects without JetStream: what they miss they read from the outbox.
 */
export const natsCarrier = (link: NatsLink, naming: Naming, databaseId: string): EventCarrier => {
  const subscribers = new Set<(event: OutboxEvent) => void>();
  const hear = (message: Msg): void => {
    if (subscribers.size === 0) return;
    const event = decodeEvent(message.string());
    if (Option.isSome(event)) for (const tell of subscribers) tell(event.value);
  };
  for (const subject of naming.eventSubjects) link.subscribe(subject, hear);

  const send = async ({ stream }: NatsSession, events: readonly OutboxEvent[]): Promise<void> => {
    const room = link.maxPayload - MARGIN_BYTES;
    const sent = events.map((event) =>
      stream.publish(naming.eventOf(event), encodeEvent(event, room), {
        msgID: `${databaseId}:${event.id}`,
        timeout: CONFIRM_TIMEOUT_MS,
      }),
    );
    // All are awaited: what is published again must not overtake what is still under way.
    const outcomes = await Promise.allSettled(sent);
    const failed = outcomes.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  };

  return {
    publish: (events) =>
      Effect.suspend(() => {
        const { session } = link;
        if (session === null) return Effect.fail(new CarrierUnavailable({ cause: 'NATS is away' }));
        return Effect.tryPromise({
          try: () => send(session, events),
          catch: (cause) => {
            if (isMissing(cause)) link.repair();
            return new CarrierUnavailable({ cause });
          },
        });
      }),
    subscribe: (onEvent) => {
      subscribers.add(onEvent);
      return () => subscribers.delete(onEvent);
    },
  };
};

/** What NATS would refuse for its size goes without its data, and says so: one giant must not hold up the others. */
const encodeEvent = (event: OutboxEvent, room: number): Uint8Array => {
  const whole = bytesOf(event);
  if (whole.length <= room) return whole;
  const omitted = `The data (${whole.length} bytes) is larger than NATS carries.`;
  return bytesOf({ ...event, event: { ...event.event, data: { omitted } } });
};

const bytesOf = (event: OutboxEvent): Uint8Array => new TextEncoder().encode(JSON.stringify(event));
