import {
  AckPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Effect, Exit, Scope } from 'effect';
import { namingOf } from '../../../src/nats/naming.ts';
import { PARTITIONS } from '../../../src/runtime/fence.ts';
import type { Mailbox } from '../../../src/runtime/mailbox.ts';
import type { BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median, pairedRatio } from '../statistics.ts';
import { deploymentOn } from './bench-nats.ts';
import { Delivery, makeLetters, storeLetters } from './letters.ts';

/*
 * The mailbox, a consumer for each partition, against one consumer of a stream of the same kind with the same letters,
 * which acknowledges each and does not look at it. The letters are stored before; the time is that from the first to
 * the last, so neither the publishing nor the creation of consumers counts.
 */

const RAW_STREAM = 'raw-letters';
const RAW_SUBJECT = 'raw';
/** Room enough that neither the server nor the client ever waits for the other. */
const RAW_ON_THE_WAY = 10_000;

const mailboxPerSecond = async (mailbox: Mailbox, letters: number): Promise<number> => {
  const scope = Effect.runSync(Scope.make());
  const delivery = new Delivery(letters);
  const receiving = Effect.forEach(
    Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, epoch: 1 })),
    (fence) => mailbox.receive(fence, delivery.arrived),
    { discard: true },
  );
  await Effect.runPromise(Scope.provide(receiving, scope));
  try {
    return await delivery.perSecond;
  } finally {
    await Effect.runPromise(Scope.close(scope, Exit.void));
  }
};

/** A stream with the mailbox's settings, and its one consumer. */
const prepareRaw = async (manager: JetStreamManager, mailboxStream: string): Promise<void> => {
  const { config } = await manager.streams.info(mailboxStream);
  await manager.streams.add({ ...config, name: RAW_STREAM, subjects: [`${RAW_SUBJECT}.>`] });
  await manager.consumers.add(RAW_STREAM, {
    durable_name: RAW_STREAM,
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: RAW_ON_THE_WAY,
  });
};

const rawPerSecond = async (stream: JetStreamClient, letters: number): Promise<number> => {
  const delivery = new Delivery(letters);
  const consumer = await stream.consumers.get(RAW_STREAM, RAW_STREAM);
  const messages = await consumer.consume({
    max_messages: RAW_ON_THE_WAY,
    callback: (message) => {
      message.ack();
      delivery.arrived();
    },
  });
  const rate = await delivery.perSecond;
  await messages.close();
  return rate;
};

const figuresOf = (mailbox: readonly number[], raw: readonly number[]): readonly Figure[] => [
  plain('Raw JetStream, one consumer', median(raw), 'letters/s'),
  {
    name: `Mailbox, ${PARTITIONS} consumers`,
    value: median(mailbox),
    unit: 'letters/s',
    ratio: pairedRatio(mailbox, raw),
    against: 'raw JetStream',
    aim: { of: 'ratio', bound: 'at least', limit: 0.7 },
  },
];

export const benchDelivery = async (
  natsUrl: string,
  count: number,
  { rounds, tell }: BenchSetting,
): Promise<readonly Figure[]> => {
  const deployment = deploymentOn(natsUrl, Effect.succeed(0));
  const link = await deployment.open();
  const connection = await connect({ servers: natsUrl });
  try {
    const manager = await jetstreamManager(connection);
    const stream = jetstream(connection);
    await prepareRaw(manager, namingOf(deployment.prefix).mailboxStream);
    const letters = makeLetters(count);
    const filled = (subject: string, run: () => Promise<number>) => async () => {
      await storeLetters(stream, subject, letters);
      return run();
    };
    const contenders = [
      {
        name: 'mailbox',
        run: filled(`${deployment.prefix}.mailbox`, () => mailboxPerSecond(link.messaging.mailbox, count)),
      },
      { name: 'raw', run: filled(RAW_SUBJECT, () => rawPerSecond(stream, count)) },
    ];
    for (const { run } of contenders) await run();
    const measured = await interleave(contenders, rounds, (line) => tell(`runtime, ${line} letters/s`));
    return figuresOf(measured.get('mailbox') ?? [], measured.get('raw') ?? []);
  } finally {
    await connection.close();
    await link.close();
  }
};
