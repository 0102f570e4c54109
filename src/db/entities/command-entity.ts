import { defineEntity, p } from '@mikro-orm/core';
import type { Command } from '../../domain/command.ts';
import type { CommandId, InstanceId } from '../../domain/ids.ts';

export const CommandEntity = defineEntity({
  name: 'Command',
  tableName: 'commands',
  properties: {
    id: p.uuid().$type<CommandId>().primary(),
    instanceId: p.uuid().$type<InstanceId>(),
    partition: p.smallint(),
    seq: p.bigint('number'),
    command: p.json<Command>(),
    attempts: p.integer().default(0),
    acceptedAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
  },
});
