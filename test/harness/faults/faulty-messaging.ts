import { Effect } from 'effect';
import type { Parts } from '../../../src/app.ts';
import { CarrierUnavailable, type EventCarrier } from '../../../src/runtime/messaging/event-carrier.ts';
import type { Mailbox } from '../../../src/runtime/messaging/mailbox.ts';
import type { Striker } from './striker.ts';

/** Struck by a failure, a letter is lost on its way to the mailbox, carried twice, or lost on arrival. */
const faultyMailbox = (striker: Striker, mailbox: Mailbox): Mailbox => ({
  publish: (letter, partition) =>
    Effect.suspend(() => {
      if (striker.visit('before-relay', letter.command) !== null) return Effect.void;
      const carried = mailbox.publish(letter, partition);
      const again = Effect.suspend(() =>
        striker.visit('after-relay', letter.command) === null ? Effect.void : mailbox.publish(letter, partition),
      );
      return Effect.andThen(carried, again);
    }),
  receive: (fence, deliver) =>
    mailbox.receive(fence, (letter) => {
      if (striker.visit('before-ack', letter.command) === null) deliver(letter);
    }),
});

/** Struck by a failure, events have left and nobody knows. */
const faultyCarrier = (striker: Striker, carrier: EventCarrier): EventCarrier => ({
  ...carrier,
  publish: (events) =>
    Effect.andThen(
      carrier.publish(events),
      Effect.suspend(() =>
        striker.visit('before-mark') === null
          ? Effect.void
          : Effect.fail(new CarrierUnavailable({ cause: 'a strike at before-mark' })),
      ),
    ),
});

/** The real messaging, which strikes at the points that lie on the way of commands and events. */
export const faultyMessaging =
  (striker: Striker, open: Parts['openMessaging']): Parts['openMessaging'] =>
  (database, config, log) =>
    Effect.map(open(database, config, log), (messaging) => ({
      ...messaging,
      mailbox: faultyMailbox(striker, messaging.mailbox),
      carrier: faultyCarrier(striker, messaging.carrier),
    }));
