import { randomUUID } from 'node:crypto';
import type { Connection } from '../../../src/db/connection/sql.ts';
import type { Command } from '../../../src/domain/command.ts';
import { InstanceId } from '../../../src/domain/ids.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';

/** Creates instances in one statement. Nobody has connected them yet. */
export const createInstances = async ({ query }: Connection, count: number): Promise<readonly InstanceId[]> => {
  const ids = Array.from({ length: count }, () => InstanceId.make(randomUUID()));
  await query((sql) =>
    sql.run(
      `INSERT INTO omni_instances (id, name, channel, partition)
       SELECT id, 'instance', 'discord', partition FROM unnest($1::uuid[], $2::smallint[]) AS new (id, partition)`,
      [ids, ids.map(partitionOf)],
    ),
  );
  return ids;
};

/** Commits a command for every instance; whoever takes the partitions next finds and runs it. */
export const commandAll = async ({ transaction }: Connection, command: Command): Promise<void> => {
  await transaction(async (sql) => {
    await sql.run(
      `INSERT INTO commands (id, instance_id, seq, command, accepted_at)
       SELECT gen_random_uuid(), id, next_seq, $1::jsonb, now() FROM omni_instances`,
      [JSON.stringify(command)],
    );
    await sql.run('UPDATE omni_instances SET next_seq = next_seq + 1');
  });
};
