import { Effect, Queue } from 'effect';
import type { StepInput } from './step.ts';

/**
 * What an instance has yet to deal with. Commands go before reports: a cancel must not wait behind the pages that it
 * is to stop. Each kind keeps its own order.
 */
export class Inbox {
  readonly #commands = Effect.runSync(Queue.unbounded<StepInput>());
  readonly #others = Effect.runSync(Queue.unbounded<StepInput>());
  readonly #bell = Effect.runSync(Queue.sliding<void>(1));

  get size(): number {
    return Queue.sizeUnsafe(this.#commands) + Queue.sizeUnsafe(this.#others);
  }

  /** Commands that wait for their turn. */
  get letters(): number {
    return Queue.sizeUnsafe(this.#commands);
  }

  /** Never blocks. */
  offer(input: StepInput): void {
    Queue.offerUnsafe(input.kind === 'command' ? this.#commands : this.#others, input);
    Queue.offerUnsafe(this.#bell, undefined);
  }

  /** Waits for the next one. */
  readonly take: Effect.Effect<StepInput> = Effect.suspend(() => {
    const next = Queue.takeUnsafe(this.#commands) ?? Queue.takeUnsafe(this.#others);
    return next ?? Effect.andThen(Queue.take(this.#bell), this.take);
  });
}
