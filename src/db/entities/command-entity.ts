import { defineEntity, p } from '@mikro-orm/core';
import type { Command } from '../../domain/command.ts';

export const CommandEntity = defineEntity({
  name: 'Command',
  tableName: 'commands',
  properties: {
    id: p.uuid().primary(),
    instanceId: p.uuid(),
    partition: p.smallint(),
    seq: p.bigint('number'),
    command: p.json<Command>(),
    attempts: p.integer(),
    acceptedAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
  },
});
