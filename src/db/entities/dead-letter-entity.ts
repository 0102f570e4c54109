import { defineEntity, p } from '@mikro-orm/core';
import type { Command } from '../../domain/command.ts';
import type { CommandId, InstanceId } from '../../domain/ids.ts';

export const DeadLetterEntity = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letters',
  properties: {
    id: p.uuid().primary(),
    instanceId: p.uuid().$type<InstanceId>(),
    commandId: p.uuid().$type<CommandId>(),
    command: p.json<Command>(),
    reason: p.text(),
    attempts: p.integer(),
    at: p.datetime(),
    fate: p.string().$type<'requeued' | 'discarded'>().nullable(),
  },
});
