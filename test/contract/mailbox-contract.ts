import { randomUUID } from 'node:crypto';
import { Effect, Exit, Scope } from 'effect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Letter } from '../../src/domain/command.ts';
import { CommandId, InstanceId, JobId } from '../../src/domain/ids.ts';
import type { Fence } from '../../src/runtime/fence.ts';
import type { Mailbox } from '../../src/runtime/messaging/mailbox.ts';
import { Arrivals } from './arrivals.ts';

export interface MailboxDriver {
  readonly name: string;
  /** The mailbox as two nodes see it. In one process both are the same. */
  readonly open: () => Promise<readonly [Mailbox, Mailbox]>;
  readonly close: () => Promise<void>;
}

export const someInstance = (): InstanceId => InstanceId.make(randomUUID());

export const letter = (seq: number, instanceId = someInstance()): Letter => ({
  commandId: CommandId.make(randomUUID()),
  instanceId,
  seq,
  command: { type: 'cancelSync', jobId: JobId.make(randomUUID()) },
});

/** A receiver that can be closed, and what it received. */
export class Receiver {
  readonly letters = new Arrivals<Letter>();
  readonly #scope: Scope.Closeable;

  private constructor(scope: Scope.Closeable) {
    this.#scope = scope;
  }

  static async open(mailbox: Mailbox, fence: Fence): Promise<Receiver> {
    const scope = await Effect.runPromise(Scope.make());
    const receiver = new Receiver(scope);
    await Effect.runPromise(Scope.provide(mailbox.receive(fence, receiver.letters.add), scope));
    return receiver;
  }

  get seqs(): readonly number[] {
    return this.letters.all.map(({ seq }) => seq);
  }

  close(): Promise<void> {
    return Effect.runPromise(Scope.close(this.#scope, Exit.void));
  }
}

/** Sends letters one by one, each to whoever has the partition, until they come to `heir`. */
export const untilHeldBy = async (
  heir: Receiver,
  others: readonly Receiver[],
  mailbox: Mailbox,
  partition: number,
): Promise<void> => {
  while (heir.letters.all.length === 0) {
    const next = letter(0);
    const isThere = (letters: readonly Letter[]) => letters.some(({ commandId }) => commandId === next.commandId);
    await Effect.runPromise(mailbox.publish(next, partition));
    await Promise.race([heir, ...others].map(({ letters }) => letters.until(isThere)));
  }
};

export const mailboxContract = (driver: MailboxDriver): void => {
  describe(`the mailbox on ${driver.name}`, () => {
    let here: Mailbox;
    let there: Mailbox;
    let nextPartition = 0;
    const receivers: Receiver[] = [];

    beforeAll(async () => {
      [here, there] = await driver.open();
    });
    afterEach(async () => {
      for (const receiver of receivers.splice(0)) await receiver.close();
    });
    afterAll(() => driver.close());

    /** A partition that no other test uses. */
    const partition = (): number => nextPartition++;
    const publish = (mailbox: Mailbox, to: number, ...letters: readonly Letter[]) =>
      Effect.runPromise(Effect.forEach(letters, (next) => mailbox.publish(next, to), { discard: true }));
    const receive = async (mailbox: Mailbox, fence: Fence): Promise<Receiver> => {
      const receiver = await Receiver.open(mailbox, fence);
      receivers.push(receiver);
      return receiver;
    };

    it('brings a letter from one node to the receiver on another, with all that is in it', async () => {
      const to = partition();
      const receiver = await receive(there, { partition: to, epoch: 1 });
      const sent = letter(7);
      await publish(here, to, sent);
      expect(await receiver.letters.count(1)).toEqual([sent]);
    });

    it('brings the letters of an instance in the order in which they were published', async () => {
      const to = partition();
      const receiver = await receive(there, { partition: to, epoch: 1 });
      const instanceId = someInstance();
      const seqs = Array.from({ length: 150 }, (_, index) => index + 1);
      await publish(here, to, ...seqs.map((seq) => letter(seq, instanceId)));
      await receiver.letters.count(seqs.length);
      expect(receiver.seqs).toEqual(seqs);
    });

    it('keeps partitions apart', async () => {
      const [one, other] = [partition(), partition()];
      const ofOne = await receive(there, { partition: one, epoch: 1 });
      const ofOther = await receive(there, { partition: other, epoch: 1 });
      await publish(here, one, letter(1));
      await publish(here, other, letter(2));
      await Promise.all([ofOne.letters.count(1), ofOther.letters.count(1)]);
      expect([ofOne.seqs, ofOther.seqs]).toEqual([[1], [2]]);
    });

    it('gives a partition to the receiver of a higher epoch, and the former one nothing more', async () => {
      const to = partition();
      const former = await receive(here, { partition: to, epoch: 3 });
      await untilHeldBy(former, [], here, to);
      const heir = await receive(there, { partition: to, epoch: 4 });
      await untilHeldBy(heir, [former], here, to);
      const before = former.letters.all.length;
      await publish(here, to, letter(1), letter(2), letter(3));
      await heir.letters.until((letters) => letters.some(({ seq }) => seq === 3));
      expect(former.letters.all).toHaveLength(before);
    });

    it('gives a receiver of a lower epoch nothing', async () => {
      const to = partition();
      const owner = await receive(here, { partition: to, epoch: 10 });
      await untilHeldBy(owner, [], here, to);
      const late = await receive(there, { partition: to, epoch: 9 });
      await publish(there, to, letter(1), letter(2), letter(3));
      await owner.letters.until((letters) => letters.some(({ seq }) => seq === 3));
      expect(late.letters.all).toEqual([]);
    });

    it('brings nothing to a receiver whose scope has closed', async () => {
      const to = partition();
      const closed = await receive(here, { partition: to, epoch: 1 });
      await untilHeldBy(closed, [], here, to);
      await closed.close();
      const before = closed.letters.all.length;
      await publish(here, to, letter(1));
      const next = await receive(there, { partition: to, epoch: 2 });
      await publish(here, to, letter(2));
      await next.letters.until((letters) => letters.some(({ seq }) => seq === 2));
      expect(closed.letters.all).toHaveLength(before);
    });

    it('takes letters for a partition that nobody receives', async () => {
      await publish(here, partition(), letter(1), letter(2));
    });
  });
};
