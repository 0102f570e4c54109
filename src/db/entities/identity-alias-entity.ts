import { defineEntity, p } from '@mikro-orm/core';
import type { InstanceId } from '../../domain/ids.ts';

export const IdentityAliasEntity = defineEntity({
  name: 'IdentityAlias',
  tableName: 'identity_aliases',
  properties: {
    instanceId: p.uuid().$type<InstanceId>().primary(),
    alias: p.string().primary(),
    externalId: p.string(),
    phone: p.string().nullable(),
    learnedAt: p.datetime(),
    /** Messages older than this may name their sender by the alias. Read by raw SQL alone: it may be infinity. */
    renamingBelow: p.datetime().nullable(),
  },
});
