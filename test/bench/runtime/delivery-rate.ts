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
import type { Mailbox } from '../../../src/runtime/messaging/mailbox.ts';
import type { BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median, pairedRatio } from '../statistics.ts';
import { deploymentOn } from './bench-nats.ts';
import { Delivery, makeLetters, storeLetters } from './letters.ts';
import { startSource } from './start-source.ts';

/*
 * The mailbox, a consumer for each partition, against one consumer of a stream of the same kind with the same letters,
 * which acknowledges each and does not look at it. The time is that from the first letter to the last, so the creation
 * of consumers does not count. Once with letters that are sent meanwhile, by a thread of its own, as they are while a
 * node lives; once with letters that have piled up, as they do while their partition has no owner. In a pile the server
 * looks for each consumer's letters among all others, one by one.
 */

const CONSUMER = 'raw';
/** As many as the mailbox's consumers have on their way together: a smaller window holds the raw one up. */
const ON_THE_WAY = PARTITIONS * 500;

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
const prepareRaw = async (manager: JetStreamManager, mailboxStream: string, name: string): Promise<void> => {
  const { config } = await manager.streams.info(mailboxStream);
  await manager.streams.add({ ...config, name, subjects: [`${name}.>`] });
  await manager.consumers.add(name, {
    durable_name: CONSUMER,
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: 2 * ON_THE_WAY,
  });
};

const rawPerSecond = async (stream: JetStreamClient, name: string, letters: number): Promise<number> => {
  const delivery = new Delivery(letters);
  const consumer = await stream.consumers.get(name, CONSUMER);
  const messages = await consumer.consume({
    max_messages: ON_THE_WAY,
    callback: (message) => {
      message.ack();
      delivery.arrived();
    },
  });
  const rate = await delivery.perSecond;
  await messages.close();
  return rate;
};

const figuresOf = (how: string, mailbox: readonly number[], raw: readonly number[]): readonly Figure[] => [
  plain(`Raw JetStream, one consumer, letters ${how}`, median(raw), 'letters/s'),
  {
    name: `Mailbox, ${PARTITIONS} consumers, letters ${how}`,
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
  const manager = await jetstreamManager(connection);
  const stream = jetstream(connection);
  const naming = namingOf(deployment.prefix);
  const raw = `${deployment.prefix}-raw`;
  try {
    await prepareRaw(manager, naming.mailboxStream, raw);
    const letters = makeLetters(count);
    const subjects = { mailbox: `${deployment.prefix}.mailbox`, raw };
    const receive = {
      mailbox: () => mailboxPerSecond(link.messaging.mailbox, count),
      raw: () => rawPerSecond(stream, raw, count),
    };
    const piledUp = (name: 'mailbox' | 'raw') => ({
      name,
      run: async () => {
        await storeLetters(stream, subjects[name], letters);
        return receive[name]();
      },
    });
    const asTheyCome = (name: 'mailbox' | 'raw') => ({
      name,
      run: async () => {
        const source = await startSource({ natsUrl, subject: subjects[name], count });
        const rate = receive[name]();
        source.begin();
        await source.ended;
        return rate;
      },
    });
    const measure = async (how: string, contender: typeof piledUp): Promise<readonly Figure[]> => {
      const contenders = [contender('mailbox'), contender('raw')];
      for (const { run } of contenders) await run();
      const measured = await interleave(contenders, rounds, (line) => tell(`runtime, letters ${how}, ${line}/s`));
      return figuresOf(how, measured.get('mailbox') ?? [], measured.get('raw') ?? []);
    };
    return [...(await measure('as they come', asTheyCome)), ...(await measure('piled up', piledUp))];
  } finally {
    await link.close();
    for (const name of [raw, naming.mailboxStream, naming.eventStream]) await manager.streams.delete(name);
    await connection.close();
  }
};
