import type { Letter } from '../../domain/command.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { toInstant } from '../values/instants.ts';

const LETTER = `commands.id AS "commandId", commands.instance_id AS "instanceId", commands.seq::float8 AS seq, commands.command`;

// Raw SQL: what an owner's mailbox reads, over and over, where the carrier was slower than the table.

/** What an instance has still to run after `afterSeq`, in order. */
export const openCommands = (
  sql: Sql,
  instanceId: InstanceId,
  afterSeq: number,
  limit: number,
): Promise<readonly Letter[]> =>
  sql.rows<Letter>(
    `SELECT ${LETTER} FROM commands
     WHERE instance_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
    [instanceId, afterSeq, limit],
  );

/**
 * The next command of each instance, where it was accepted before `before` (ms) and nobody has run it. One is enough:
 * whoever gets it reads what follows from the table. In the order of instances, so that whoever takes none keeps nobody
 * else waiting: the next page is what comes after `after`.
 */
export const undeliveredCommands = (
  sql: Sql,
  partitions: readonly number[],
  before: number,
  limit: number,
  after: InstanceId | null,
): Promise<readonly Letter[]> =>
  sql.rows<Letter>(
    `SELECT ${LETTER} FROM commands JOIN omni_instances ON omni_instances.id = commands.instance_id
     WHERE omni_instances.partition = ANY($1::smallint[]) AND next_seq > last_seq + 1 AND removing_at IS NULL
       AND commands.seq = last_seq + 1 AND accepted_at < $2 AND ($4::uuid IS NULL OR omni_instances.id > $4)
     ORDER BY omni_instances.id LIMIT $3`,
    [partitions, toInstant(before), limit, after],
  );
