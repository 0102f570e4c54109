import { Effect, type Scope } from 'effect';
import type { Log } from '../domain/log.ts';
import type { Messaging } from '../runtime/messaging/messaging.ts';
import { connectionOptions } from './connection-options.ts';
import { namingOf } from './naming.ts';
import { natsCarrier } from './nats-carrier.ts';
import { NatsLink } from './nats-link.ts';
import { natsMailbox } from './nats-mailbox.ts';
import type { NatsOptions } from './nats-options.ts';
import type { NatsRefused } from './nats-refused.ts';
import { natsWire } from './nats-wire.ts';
import { ensureStreams } from './streams.ts';

/**
 * The messaging of a service of many nodes. It starts also while NATS is away, and goes on when it is there; it
 * fails where only the operator can help. Closing the scope closes the connection.
 */
export const openNats = (options: NatsOptions, log: Log): Effect.Effect<Messaging, NatsRefused, Scope.Scope> =>
  Effect.gen(function* () {
    const naming = namingOf(options.prefix);
    const link = yield* NatsLink.open(
      yield* connectionOptions(options),
      ({ manager }) => ensureStreams(manager, naming, options, log),
      log,
    );
    return {
      mailbox: natsMailbox(link, naming, log),
      carrier: natsCarrier(link, naming, options.databaseId),
      wire: natsWire(link, naming, options.otherNodes),
      state: () => (link.session === null ? 'away' : 'connected'),
    };
  });
