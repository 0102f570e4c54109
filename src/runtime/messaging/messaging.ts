import { Effect } from 'effect';
import type { EventCarrier } from './event-carrier.ts';
import { inProcessCarrier } from './in-process-carrier.ts';
import { inProcessMailbox } from './in-process-mailbox.ts';
import type { Mailbox } from './mailbox.ts';
import type { NodeWire } from './node-wire.ts';

/**
 * What carries commands, events and questions between processes, or within one. Losing it costs delay, nothing else.
 */
export interface Messaging {
  readonly mailbox: Mailbox;
  readonly carrier: EventCarrier;
  readonly wire: NodeWire;
  /** In a word for operators: `in-process`, `connected`, `away`. */
  readonly state: () => string;
}

/** The messaging of a process that is alone: nothing leaves it. */
export const inProcessMessaging = (): Messaging => ({
  mailbox: inProcessMailbox(),
  carrier: inProcessCarrier(),
  wire: {
    serve: () => Effect.void,
    askActor: () => Effect.succeed(null),
    askPairing: () => Effect.succeed(null),
    askActors: Effect.succeed([]),
  },
  state: () => 'in-process',
});
