import { randomUUID } from 'node:crypto';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { Letter } from '../../../src/domain/command.ts';
import { CommandId, InstanceId, JobId } from '../../../src/domain/ids.ts';
import { PARTITIONS } from '../../../src/runtime/fence.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';

/** A letter as it lies in a stream. */
export interface StoredLetter {
  /** What its subject ends with, behind that of the stream. */
  readonly address: string;
  readonly data: string;
}

const PER_INSTANCE = 50;
const UNDER_WAY = 500;

/** Letters to instances of all partitions, no mailbox full. */
export const makeLetters = (count: number): readonly StoredLetter[] => {
  const instances = Array.from({ length: Math.max(PARTITIONS, Math.ceil(count / PER_INSTANCE)) }, () =>
    InstanceId.make(randomUUID()),
  );
  return Array.from({ length: count }, (_, index) => {
    const instanceId = instances[index % instances.length] as InstanceId;
    const letter: Letter = {
      commandId: CommandId.make(randomUUID()),
      instanceId,
      seq: Math.floor(index / instances.length) + 1,
      command: { type: 'cancelSync', jobId: JobId.make(randomUUID()) },
    };
    return { address: `${partitionOf(instanceId)}.${instanceId}`, data: JSON.stringify(letter) };
  });
};

/** Stores them all, each confirmed. */
export const storeLetters = async (
  stream: JetStreamClient,
  subject: string,
  letters: readonly StoredLetter[],
): Promise<void> => {
  for (let from = 0; from < letters.length; from += UNDER_WAY) {
    const some = letters.slice(from, from + UNDER_WAY);
    await Promise.all(some.map(({ address, data }) => stream.publish(`${subject}.${address}`, data)));
  }
};

/** Counts what arrives, and times it from the first to the last. */
export class Delivery {
  readonly #expected: number;
  readonly #all = Promise.withResolvers<number>();
  #arrived = 0;
  #firstAt = 0;

  constructor(expected: number) {
    this.#expected = expected;
  }

  readonly arrived = (): void => {
    if (this.#arrived === 0) this.#firstAt = performance.now();
    this.#arrived += 1;
    if (this.#arrived < this.#expected) return;
    this.#all.resolve(((this.#expected - 1) * 1000) / (performance.now() - this.#firstAt));
  };

  /** Letters per second, once all are there. */
  get perSecond(): Promise<number> {
    return this.#all.promise;
  }
}
