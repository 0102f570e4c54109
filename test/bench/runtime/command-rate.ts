import { randomUUID } from 'node:crypto';
import { Effect } from 'effect';
import type { Connection } from '../../../src/db/connection/sql.ts';
import type { InstanceId } from '../../../src/domain/ids.ts';
import { silentMetrics } from '../../../src/domain/metrics.ts';
import type { CommandBus } from '../../../src/runtime/messaging/command-bus.ts';
import { commandIntake } from '../../../src/runtime/messaging/command-intake.ts';
import type { BenchSetting } from '../bench-setting.ts';
import { type Figure, plain } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { median, pairedRatio } from '../statistics.ts';
import type { BenchStore } from '../store/bench-store.ts';
import { type BenchNode, startBenchNode } from './bench-node.ts';
import { createInstances } from './instances.ts';
import { instantChannel } from './instant-channel.ts';

/*
 * Commands, each from its submission to the commit of the step that ran it, against transactions of one INSERT each on
 * the same pool. A command is two transactions: it is taken in, and its step commits.
 */

const IN_FLIGHT = 16;

/** Runs `work` so many times, always `IN_FLIGHT` at once, and gives how many were done per second. */
const perSecond = async (count: number, work: (lane: number) => Promise<void>): Promise<number> => {
  let left = count;
  const startedAt = performance.now();
  const lanes = Array.from({ length: IN_FLIGHT }, async (_, lane) => {
    while (left-- > 0) await work(lane);
  });
  await Promise.all(lanes);
  return (count * 1000) / (performance.now() - startedAt);
};

const inserting = async (connection: Connection): Promise<() => Promise<void>> => {
  await connection.query((sql) => sql.run('CREATE TABLE raw_rows (id uuid PRIMARY KEY, row jsonb NOT NULL)'));
  const row = JSON.stringify({ type: 'disconnect' });
  return async () => {
    await connection.transaction((sql) =>
      sql.run('INSERT INTO raw_rows (id, row) VALUES ($1, $2)', [randomUUID(), row]),
    );
  };
};

/** Resolves once the actor has run the command and its step is committed. */
const commandRun = async ({ node }: BenchNode, bus: CommandBus, id: InstanceId): Promise<void> => {
  const { seq } = await Effect.runPromise(bus.submit(id, { type: 'disconnect' }));
  const hasRun = () => (node.find(id)?.live?.lastSeq ?? 0) >= seq;
  if (hasRun()) return;
  await new Promise<void>((resolve) => {
    const unwatch = node.find(id)?.watch(() => {
      if (!hasRun()) return;
      unwatch?.();
      resolve();
    });
  });
};

export const benchCommands = async (
  store: BenchStore,
  commands: number,
  { rounds, tell }: BenchSetting,
): Promise<readonly Figure[]> => {
  const ids = await createInstances(store.connection, IN_FLIGHT);
  const actors = await startBenchNode(
    store,
    instantChannel(() => {}),
  );
  try {
    const bus = commandIntake(store.db.commands, actors.mailbox, silentMetrics, Date.now);
    const insert = await inserting(store.connection);
    const runCommand = (lane: number) => commandRun(actors, bus, ids[lane] as InstanceId);
    await perSecond(IN_FLIGHT * 4, runCommand);
    const measured = await interleave(
      [
        { name: 'commands', run: () => perSecond(commands, runCommand) },
        { name: 'single INSERTs', run: () => perSecond(commands, insert) },
      ],
      rounds,
      (line) => tell(`runtime, ${line}/s`),
    );
    const of = (name: string): readonly number[] => measured.get(name) ?? [];
    return [
      plain('Transactions of one INSERT, 16 in flight', median(of('single INSERTs')), 'transactions/s'),
      {
        name: 'Durable commands, 16 in flight',
        value: median(of('commands')),
        unit: 'commands/s',
        ratio: pairedRatio(of('commands'), of('single INSERTs')),
        against: 'transactions of one INSERT',
        aim: { of: 'ratio', bound: 'at least', limit: 0.5 },
      },
    ];
  } finally {
    await actors.close();
  }
};
