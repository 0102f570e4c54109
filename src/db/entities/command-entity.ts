import { defineEntity, p } from '@mikro-orm/core';
import type { Command } from '../../domain/command.ts';
import type { CommandId, InstanceId } from '../../domain/ids.ts';

export const CommandEntity = defineEntity({
  name: 'Command',
  tableName: 'commands',
  properties: {
    instanceId: p.uuid().$type<InstanceId>().primary(),
    seq: p.bigint('number').primary(),
    id: p.uuid().$type<CommandId>(),
    command: p.json<Command>(),
    attempts: p.integer().default(0),
    acceptedAt: p.datetime(),
  },
});
