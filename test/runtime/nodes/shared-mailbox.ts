import { Effect } from 'effect';
import type { Letter } from '../../../src/domain/command.ts';
import type { Mailbox } from '../../../src/runtime/messaging/mailbox.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';
import type { HaltingClock } from './halting-clock.ts';

interface Receiver {
  readonly epoch: number;
  readonly deliver: (letter: Letter) => void;
}

/** Carries letters to whoever receives at the highest epoch, unless it is away: then they are lost. */
export class SharedMailbox {
  isAway = false;
  readonly #receivers = new Map<number, Receiver[]>();

  publish(letter: Letter): void {
    if (this.isAway) return;
    const receivers = this.#receivers.get(partitionOf(letter.instanceId)) ?? [];
    receivers.toSorted((a, b) => b.epoch - a.epoch)[0]?.deliver(letter);
  }

  /** As one node sees it. */
  of(clock: HaltingClock): Mailbox {
    return {
      publish: (letter) => Effect.sync(() => this.publish(letter)),
      receive: ({ partition, epoch }, deliver) => {
        const receiver = { epoch, deliver: (letter: Letter) => clock.inside(() => deliver(letter)) };
        const receivers = this.#receivers.get(partition) ?? [];
        this.#receivers.set(partition, receivers);
        return Effect.acquireRelease(
          Effect.sync(() => void receivers.push(receiver)),
          () => Effect.sync(() => void receivers.splice(receivers.indexOf(receiver), 1)),
        );
      },
    };
  }
}
