import { defineEntity, p } from '@mikro-orm/core';
import type { IdentityId, InstanceId, PersonId } from '../../domain/ids.ts';
import type { LinkedBy } from '../../domain/person-view.ts';

export const IdentityLinkEntity = defineEntity({
  name: 'IdentityLink',
  tableName: 'identity_links',
  properties: {
    id: p.bigint('number').primary(),
    identityId: p.uuid().$type<IdentityId>().nullable(),
    instanceId: p.uuid().$type<InstanceId>().nullable(),
    fromPersonId: p.uuid().$type<PersonId>(),
    toPersonId: p.uuid().$type<PersonId>(),
    linkedBy: p.string().$type<LinkedBy>(),
    why: p.text(),
    at: p.datetime(),
  },
});
