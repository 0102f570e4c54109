import { randomUUID } from 'node:crypto';
import { Schema } from 'effect';
import type { Command } from '../domain/command.ts';
import { Refused } from '../domain/errors.ts';
import { type InstanceId, JobId } from '../domain/ids.ts';
import type { CommandStore, DeadLetterView } from '../runtime/store.ts';
import { acceptCommand } from './accept-command.ts';
import { msOf, toInstant, toIso } from './instants.ts';
import { keysetCursor, pageOf } from './keyset-cursor.ts';
import { persevere } from './query-failure.ts';
import { isRefused } from './refusals.ts';
import type { Connection, Sql } from './sql.ts';

interface DeadLetterRow extends Omit<DeadLetterView, 'at'> {
  readonly at: number;
}

const DeadLetterKey = keysetCursor(Schema.Struct({ at: Schema.Number, id: Schema.String.check(Schema.isUUID()) }));

const viewOf = (row: DeadLetterRow): DeadLetterView => ({ ...row, at: toIso(row.at) });

/** Settles an open dead letter. Throws `Refused` when there is none, or somebody else was faster. */
const settle = async (
  sql: Sql,
  id: string,
  fate: 'requeued' | 'discarded',
): Promise<{ instanceId: InstanceId; command: Command }> => {
  const [dead] = await sql.rows<{ instanceId: InstanceId; command: Command; fate: string | null }>(
    `SELECT instance_id AS "instanceId", command, fate FROM dead_letters WHERE id = $1 FOR UPDATE`,
    [id],
  );
  if (dead === undefined) {
    throw new Refused({
      status: 404,
      code: 'dead_letter_not_found',
      message: `There is no dead letter ${id}`,
      details: { field: 'id' },
    });
  }
  if (dead.fate !== null) {
    throw new Refused({
      status: 409,
      code: 'dead_letter_settled',
      message: `Dead letter ${id} was already ${dead.fate}`,
    });
  }
  await sql.run('UPDATE dead_letters SET fate = $2 WHERE id = $1', [id, fate]);
  return dead;
};

/** The job of a dead command has failed for good: trying again is a new job. */
const afresh = (command: Command): Command =>
  command.type === 'startSync' ? { ...command, jobId: JobId.make(randomUUID()) } : command;

export const commandStore = (connection: Connection): CommandStore => {
  const asked = <A>(body: (sql: Sql) => Promise<A>) => persevere(() => connection.transaction(body), isRefused);
  return {
    submit: (instanceId, command, at) => asked((sql) => acceptCommand(sql, instanceId, command, at)),

    deadLetters: ({ limit, cursor }) =>
      persevere(async () => {
        const after = DeadLetterKey.read(cursor);
        const rows = await connection.query((sql) =>
          sql.rows<DeadLetterRow>(
            `SELECT id, instance_id AS "instanceId", command, reason, attempts, ${msOf('at')} AS at FROM dead_letters
             WHERE fate IS NULL AND ($1::timestamptz IS NULL OR (dead_letters.at, dead_letters.id) < ($1, $2::uuid))
             ORDER BY dead_letters.at DESC, dead_letters.id DESC LIMIT $3`,
            [after === null ? null : toInstant(after.at), after?.id ?? null, limit + 1],
          ),
        );
        return pageOf(rows, limit, viewOf, ({ at, id }) => DeadLetterKey.write({ at, id }));
      }, isRefused),

    requeue: (deadLetterId, at) =>
      asked(async (sql) => {
        const { instanceId, command } = await settle(sql, deadLetterId, 'requeued');
        return acceptCommand(sql, instanceId, afresh(command), at);
      }),

    discard: (deadLetterId) => asked(async (sql) => void (await settle(sql, deadLetterId, 'discarded'))),
  };
};
