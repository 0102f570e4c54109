import { JetStreamApiError } from '@nats-io/jetstream';
import { Effect, Option, Schema } from 'effect';
import { Letter } from '../domain/command.ts';
import { messageOf } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Fence } from '../runtime/fence.ts';
import type { Mailbox } from '../runtime/messaging/mailbox.ts';
import { isMissing } from './failure-fate.ts';
import type { Naming } from './naming.ts';
import type { NatsLink, NatsSession } from './nats-link.ts';
import { consume, takeConsumer } from './partition-consumer.ts';

/** Letters that JetStream has not confirmed yet; more are dropped, so that a slow NATS does not fill our memory. */
const MOST_UNDER_WAY = 5_000;
const CONFIRM_TIMEOUT_MS = 5_000;
/** After a consumer vanished: time for a new owner's to appear, and for the runtime to learn that it is not ours. */
const LOOK_AGAIN_AFTER_MS = 1_000;
/** A consumer of a higher epoch stays: either our scope closes soon, or the database went back to an older state. */
const STAND_ASIDE_MS = 30_000;

const decodeLetter = Schema.decodeUnknownOption(Schema.fromJsonString(Letter));

/** The mailbox on JetStream. Whatever it loses the sweeper finds in the table, so it never waits and never insists. */
export const natsMailbox = (link: NatsLink, naming: Naming, log: Log): Mailbox => ({
  publish: publisher(link, naming, log),
  receive: (fence, deliver) => Effect.asVoid(Effect.forkScoped(receiving(link, naming, fence, deliver, log))),
});

const publisher = (link: NatsLink, naming: Naming, log: Log): Mailbox['publish'] => {
  let underWay = 0;
  let dropped = 0;

  const drop = (reason: string): void => {
    if (dropped === 0) log.warn({ reason }, 'NATS does not take letters: they are dropped, and swept up later.');
    dropped += 1;
  };
  const arrived = (): void => {
    if (dropped > 0) log.info({ dropped }, 'NATS takes letters again.');
    dropped = 0;
  };
  const failed = (error: unknown): void => {
    // A full mailbox rejects its own letters only, which is what it is for.
    if (error instanceof JetStreamApiError) {
      log.debug({ error: error.message }, 'A letter was rejected.');
      return;
    }
    if (isMissing(error)) link.repair();
    drop(messageOf(error));
  };

  return (letter, partition) =>
    Effect.sync(() => {
      const { session } = link;
      if (session === null) return drop('away');
      if (underWay >= MOST_UNDER_WAY) return drop('too many letters under way');
      underWay += 1;
      void session.stream
        .publish(naming.mailboxOf(partition, letter.instanceId), JSON.stringify(letter), {
          msgID: letter.commandId,
          timeout: CONFIRM_TIMEOUT_MS,
        })
        .then(arrived, failed)
        .finally(() => {
          underWay -= 1;
        });
    });
};

/** Receives for as long as it is not interrupted: through reconnections, restarts of the server, deleted streams. */
const receiving = (
  link: NatsLink,
  naming: Naming,
  fence: Fence,
  deliver: (letter: Letter) => void,
  log: Log,
): Effect.Effect<never> => {
  const open = (data: string): void => {
    const letter = decodeLetter(data);
    if (Option.isSome(letter)) deliver(letter.value);
    else log.warn({ ...fence }, 'Something in a mailbox is no letter; it is thrown away.');
  };
  const hold = (session: NatsSession) =>
    Effect.gen(function* () {
      const consumer = yield* Effect.tryPromise({
        try: () => takeConsumer(session, naming, fence),
        catch: (error) => error,
      });
      if (consumer === null) return yield* standAside(fence, log);
      log.debug({ ...fence }, 'Receiving the letters of a partition.');
      yield* consume(consumer, (message) => open(message.string()));
    });
  const interrupted = (error: unknown) =>
    Effect.sync(() => {
      if (isMissing(error)) link.repair();
      log.debug({ ...fence, error: String(error) }, 'The mailbox of a partition is interrupted; looking again.');
    });
  const round = Effect.flatMap(link.up, (session) =>
    Effect.raceFirst(
      Effect.andThen(Effect.catch(hold(session), interrupted), Effect.sleep(LOOK_AGAIN_AFTER_MS)),
      link.lost,
    ),
  );
  return Effect.forever(round);
};

const standAside = (fence: Fence, log: Log): Effect.Effect<void> =>
  Effect.andThen(
    Effect.sleep(STAND_ASIDE_MS),
    Effect.sync(() =>
      log.warn(
        { ...fence },
        'The mailbox of a partition is held by a higher epoch than the one we own it at: its letters come late, by the ' +
          'sweeper. After a database was restored from a backup, delete the stream of mailboxes: nothing is lost.',
      ),
    ),
  );
