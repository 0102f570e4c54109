import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import { openDatabase } from '../../src/db/open-database.ts';
import { CommandId, InstanceId } from '../../src/domain/ids.ts';
import { partitionOf } from '../../src/runtime/partition.ts';

/*
 * A process to be killed: opens the database in the directory it is given, then writes for ever. It prints "ready"
 * once it holds the directory, and the id of each row only after the transaction that wrote it has committed.
 */
const say = (line: string): Promise<void> => new Promise((done) => process.stdout.write(`${line}\n`, () => done()));

const program = Effect.gen(function* () {
  const database = yield* openDatabase({ databaseUrl: null, dataDir: process.argv[2] ?? '' });
  const fences = yield* database.runtime.leases.claimAll('held');
  const credentials = { token: randomUUID() };
  const { id } = yield* database.registry.create({ name: 'held', channel: 'discord', credentials }, Date.now());
  const instanceId = InstanceId.make(id);
  const fence = fences.find(({ partition }) => partition === partitionOf(instanceId)) ?? { partition: 0, epoch: 0 };
  yield* Effect.promise(() => say('ready'));
  for (;;) {
    const letter = {
      commandId: CommandId.make(randomUUID()),
      instanceId,
      seq: 1,
      command: { type: 'connect' } as const,
    };
    yield* database.runtime.step(fence, (tx) =>
      tx.addDeadLetter({ letter, reason: 'x'.repeat(2_000), attempts: 1, at: 0 }),
    );
    yield* Effect.promise(() => say(letter.commandId));
  }
});

await Effect.runPromise(Effect.scoped(program));
