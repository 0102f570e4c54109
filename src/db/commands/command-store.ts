import { randomUUID } from 'node:crypto';
import { LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Schema } from 'effect';
import type { Command } from '../../domain/command.ts';
import type { DeadLetterView } from '../../domain/dead-letter.ts';
import { Refused } from '../../domain/errors.ts';
import { JobId } from '../../domain/ids.ts';
import type { CommandStore } from '../../runtime/store/command-store.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Sql } from '../connection/sql.ts';
import { DeadLetterEntity } from '../entities/dead-letter-entity.ts';
import { beyond } from '../values/beyond.ts';
import { keysetCursor, pageOf } from '../values/keyset-cursor.ts';
import { isRefused } from '../values/refusals.ts';
import type { Row } from '../values/row.ts';
import { acceptCommand } from './accept-command.ts';

const DeadLetterKey = keysetCursor(Schema.Struct({ at: Schema.Number, id: Schema.String.check(Schema.isUUID()) }));

const FIELDS = ['id', 'instanceId', 'command', 'reason', 'attempts', 'at'] as const;

const viewOf = (row: Row<typeof DeadLetterEntity, (typeof FIELDS)[number]>): DeadLetterView => ({
  id: row.id,
  instanceId: row.instanceId,
  command: row.command,
  reason: row.reason,
  attempts: row.attempts,
  at: row.at.toISOString(),
});

/** Settles an open dead letter. Throws `Refused` when there is none, or somebody else was faster. */
const settle = async (em: SqlEntityManager, id: string, fate: 'requeued' | 'discarded') => {
  const dead = await em.findOne(DeadLetterEntity, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (dead === null) {
    throw new Refused({
      status: 404,
      code: 'dead_letter_not_found',
      message: `There is no dead letter ${id}`,
      details: { field: 'deadLetterId' },
    });
  }
  if (dead.fate) {
    throw new Refused({
      status: 409,
      code: 'dead_letter_settled',
      message: `Dead letter ${id} was already ${dead.fate}`,
    });
  }
  dead.fate = fate;
  await em.flush();
  return dead;
};

/** The job of a dead command has failed for good: trying again is a new job. */
const afresh = (command: Command): Command =>
  command.type === 'startSync' ? { ...command, jobId: JobId.make(randomUUID()) } : command;

export const commandStore = (connection: EntityConnection): CommandStore => ({
  submit: (instanceId, command, at, claim) =>
    persevere(() => {
      const accept = (sql: Sql) => acceptCommand(sql, instanceId, command, at, { claim });
      return command.type === 'startSync' ? connection.step(accept) : connection.single(accept);
    }, isRefused),

  deadLetters: ({ limit, cursor }) =>
    persevere(async () => {
      const after = DeadLetterKey.read(cursor);
      const rows = await connection.entities((em) =>
        em.find(
          DeadLetterEntity,
          { fate: null, ...beyond('at, id', 'before', after) },
          { fields: FIELDS, orderBy: { at: 'desc', id: 'desc' }, limit: limit + 1, disableIdentityMap: true },
        ),
      );
      return pageOf(rows, limit, viewOf, ({ at, id }) => DeadLetterKey.write({ at: at.getTime(), id }));
    }, isRefused),

  requeue: (deadLetterId, at) =>
    persevere(
      () =>
        connection.changes(async (em, sql) => {
          const { instanceId, command } = await settle(em, deadLetterId, 'requeued');
          return acceptCommand(sql, instanceId, afresh(command), at);
        }),
      isRefused,
    ),

  discard: (deadLetterId) =>
    persevere(async () => {
      await connection.changes((em) => settle(em, deadLetterId, 'discarded'));
    }, isRefused),
});
