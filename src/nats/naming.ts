import type { OutboxEvent } from '../domain/event.ts';
import { subjectOf } from '../domain/event.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { Fence } from '../runtime/fence.ts';

/** Every name that this deployment uses on NATS. */
export interface Naming {
  readonly mailboxStream: string;
  readonly eventStream: string;
  readonly mailboxSubjects: string;
  readonly eventSubjects: readonly string[];
  readonly mailboxOf: (partition: number, instanceId: InstanceId) => string;
  readonly partitionSubjects: (partition: number) => string;
  readonly eventOf: (event: OutboxEvent) => string;
  /** Asks for one instance (`<id>`) or, with `*`, listens to such questions. */
  readonly actorQuestion: (instanceId: InstanceId | '*') => string;
  /** Asks for what a person must be shown to pair an instance. */
  readonly pairingQuestion: (instanceId: InstanceId | '*') => string;
  readonly actorsQuestion: string;
}

/**
 * Subjects are those of the design, behind `<prefix>.` where several deployments share one NATS: systems that
 * subscribe can rely on `sync.>`, and a deployment that is alone needs no prefix.
 */
export const namingOf = (prefix: string | null): Naming => {
  const subject = (name: string): string => (prefix === null ? name : `${prefix}.${name}`);
  const stream = (name: string): string => (prefix === null ? name : `${prefix}-${name}`);
  return {
    mailboxStream: stream('omni-mailbox'),
    eventStream: stream('omni-events'),
    mailboxSubjects: subject('mailbox.>'),
    eventSubjects: [subject('sync.>'), subject('instance.>')],
    mailboxOf: (partition, instanceId) => subject(`mailbox.${partition}.${instanceId}`),
    partitionSubjects: (partition) => subject(`mailbox.${partition}.>`),
    eventOf: (event) => subject(subjectOf(event)),
    actorQuestion: (instanceId) => subject(`omni.debug.actor.${instanceId}`),
    pairingQuestion: (instanceId) => subject(`omni.pairing.${instanceId}`),
    actorsQuestion: subject('omni.debug.actors'),
  };
};

/** The consumer of one epoch of a partition. */
export const consumerName = ({ partition, epoch }: Fence): string => `p${partition}-e${epoch}`;

/** Whose consumer that is; null for one that is not ours. */
export const fenceOfConsumer = (name: string): Fence | null => {
  const [, partition, epoch] = /^p(\d+)-e(\d+)$/.exec(name) ?? [];
  return partition === undefined || epoch === undefined ? null : { partition: Number(partition), epoch: Number(epoch) };
};
