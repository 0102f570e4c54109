import { defineEntity, p } from '@mikro-orm/core';

export const ActorSnapshotEntity = defineEntity({
  name: 'ActorSnapshot',
  tableName: 'actor_snapshots',
  properties: {
    instanceId: p.uuid().primary(),
    actorId: p.text().primary(),
    machine: p.text(),
    version: p.integer(),
    value: p.json<unknown>(),
    context: p.json<unknown>(),
  },
});
