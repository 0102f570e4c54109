import { defineEntity, p } from '@mikro-orm/core';
import type { Command } from '../../domain/command.ts';

export const DeadLetterEntity = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letters',
  properties: {
    id: p.uuid().primary(),
    instanceId: p.uuid(),
    commandId: p.uuid(),
    command: p.json<Command>(),
    reason: p.text(),
    attempts: p.integer(),
    at: p.datetime(),
    fate: p.string().$type<'requeued' | 'discarded'>().nullable(),
  },
});
