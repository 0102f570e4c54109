import { defineEntity, p } from '@mikro-orm/core';
import type { InstanceId } from '../../domain/ids.ts';

export const ActorSnapshotEntity = defineEntity({
  name: 'ActorSnapshot',
  tableName: 'actor_snapshots',
  properties: {
    instanceId: p.uuid().$type<InstanceId>().primary(),
    actorId: p.text().primary(),
    machine: p.text(),
    version: p.integer(),
    value: p.json<unknown>(),
    context: p.json<unknown>(),
  },
});
