import { defineEntity, p } from '@mikro-orm/core';
import type { GroupKind } from '../../domain/group.ts';
import type { GroupId, InstanceId } from '../../domain/ids.ts';

export const GroupEntity = defineEntity({
  name: 'Group',
  tableName: 'omni_groups',
  properties: {
    id: p.uuid().$type<GroupId>().primary(),
    instanceId: p.uuid().$type<InstanceId>(),
    externalId: p.string(),
    kind: p.string().$type<GroupKind>(),
    parentExternalId: p.string().nullable(),
    ownerExternalId: p.string().nullable(),
    name: p.text().nullable(),
    description: p.text().nullable(),
    memberCount: p.integer().nullable(),
    metadata: p.json<Readonly<Record<string, unknown>>>(),
    platformCreatedAt: p.datetime().nullable(),
    removedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
