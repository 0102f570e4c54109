import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { MAILBOX_LIMIT } from '../domain/command.ts';
import type { Log } from '../domain/log.ts';
import type { Naming } from './naming.ts';
import type { NatsOptions } from './nats-options.ts';
import { NatsRefused } from './nats-refused.ts';

/** A message published again within this time is stored once. */
const DEDUPE_MS = 2 * 60_000;
/** A letter that nobody has fetched for so long is carried no further: its owner reads the table. */
const LETTER_MAX_AGE_MS = 60 * 60_000;
const MAILBOX_MAX_BYTES = 128 * 1024 * 1024;

type Shape = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects' | 'description'>;

const ownerMark = (databaseId: string): string => `omni-history-sync, database ${databaseId}`;

/**
 * Commands on their way: each is gone once its owner has it. Only what a full actor is sent is rejected (`discard`
 * per subject), the others' letters go through; whatever is rejected or lost is found in the table.
 */
const mailboxStream = (naming: Naming, options: NatsOptions): Shape => ({
  name: naming.mailboxStream,
  description: ownerMark(options.databaseId),
  subjects: [naming.mailboxSubjects],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_msgs_per_subject: MAILBOX_LIMIT,
  discard_new_per_subject: true,
  max_age: nanos(LETTER_MAX_AGE_MS),
  max_bytes: MAILBOX_MAX_BYTES,
  duplicate_window: nanos(DEDUPE_MS),
  num_replicas: options.replicas,
});

/** Events for whoever wants them, within limits: the oldest go first. */
const eventStream = (naming: Naming, options: NatsOptions): Shape => ({
  name: naming.eventStream,
  description: ownerMark(options.databaseId),
  subjects: [...naming.eventSubjects],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  max_age: nanos(options.eventsMaxAgeMs),
  max_bytes: options.eventsMaxBytes,
  duplicate_window: nanos(Math.min(DEDUPE_MS, options.eventsMaxAgeMs)),
  num_replicas: options.replicas,
});

/** What an operator may change between two starts, and JetStream lets us change in place. */
const CHANGEABLE = ['max_age', 'max_bytes', 'max_msgs_per_subject', 'num_replicas', 'duplicate_window'] as const;

/**
 * Makes both streams as they should be, wherever they come from: created, found, deleted behind our back. Throws
 * `NatsRefused` if they belong to another database, whose commands and epochs would be mixed up with ours.
 */
export const ensureStreams = async (
  manager: JetStreamManager,
  naming: Naming,
  options: NatsOptions,
  log: Log,
): Promise<void> => {
  for (const shape of [mailboxStream(naming, options), eventStream(naming, options)]) {
    const present = await configOf(manager, shape.name);
    if (present === null) await create(manager, shape, log);
    else await adopt(manager, shape, present, log);
  }
};

const configOf = async (manager: JetStreamManager, name: string): Promise<StreamConfig | null> => {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return null;
    throw error;
  }
};

const create = async (manager: JetStreamManager, shape: Shape, log: Log): Promise<void> => {
  await manager.streams.add(shape);
  log.info({ stream: shape.name }, 'Created a stream in JetStream.');
};

const adopt = async (manager: JetStreamManager, shape: Shape, present: StreamConfig, log: Log): Promise<void> => {
  if (present.description !== shape.description) {
    throw new NatsRefused({
      message:
        `The stream ${shape.name} at NATS_URL belongs to another database. Set NATS_PREFIX to set this deployment ` +
        `apart from that one, or, if that one is gone: nats stream rm ${shape.name}`,
    });
  }
  if (CHANGEABLE.every((key) => present[key] === shape[key])) return;
  try {
    await manager.streams.update(shape.name, { ...present, ...shape });
    log.info({ stream: shape.name }, 'Changed a stream in JetStream to what the environment says.');
  } catch (error) {
    log.warn({ stream: shape.name, error }, 'A stream cannot be changed to what the environment says; it stays as is.');
  }
};
