import { Effect } from 'effect';
import type { Letter } from '../../domain/command.ts';
import type { Fence } from '../fence.ts';
import type { Mailbox } from './mailbox.ts';

interface Receiver {
  readonly epoch: number;
  readonly deliver: (letter: Letter) => void;
}

/** The mailbox of a single process: a letter is delivered in the turn in which it is published, or dropped. */
export const inProcessMailbox = (): Mailbox => {
  const receivers = new Map<number, Receiver>();
  const join = ({ partition, epoch }: Fence, deliver: Receiver['deliver']): Receiver => {
    const receiver = { epoch, deliver };
    const current = receivers.get(partition);
    if (current === undefined || current.epoch <= epoch) receivers.set(partition, receiver);
    return receiver;
  };
  const leave = (partition: number, receiver: Receiver): void => {
    if (receivers.get(partition) === receiver) receivers.delete(partition);
  };
  return {
    publish: (letter, partition) => Effect.sync(() => receivers.get(partition)?.deliver(letter)),
    receive: (fence, deliver) =>
      Effect.acquireRelease(
        Effect.sync(() => join(fence, deliver)),
        (receiver) => Effect.sync(() => leave(fence.partition, receiver)),
      ),
  };
};
