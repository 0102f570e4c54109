import { defineEntity, p } from '@mikro-orm/core';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { IdentityId, InstanceId, PersonId } from '../../domain/ids.ts';
import type { LinkedBy } from '../../domain/person-view.ts';

export const IdentityEntity = defineEntity({
  name: 'Identity',
  tableName: 'platform_identities',
  properties: {
    id: p.uuid().$type<IdentityId>().primary(),
    instanceId: p.uuid().$type<InstanceId>(),
    personId: p.uuid().$type<PersonId>(),
    channel: p.string().$type<ChannelName>(),
    externalId: p.string(),
    phone: p.string().nullable(),
    handle: p.text().nullable(),
    savedName: p.text().nullable(),
    verifiedName: p.text().nullable(),
    pushedName: p.text().nullable(),
    isBot: p.boolean(),
    metadata: p.json<Readonly<Record<string, unknown>>>(),
    firstLinkedBy: p.string().$type<LinkedBy>(),
    pinned: p.boolean(),
    /** Everything that it can be found by, in lower case, a line for each. The database's own work. */
    search: p.text().persist(false),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
    removedAt: p.datetime().nullable(),
  },
});
