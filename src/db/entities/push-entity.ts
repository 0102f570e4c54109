import { defineEntity, p } from '@mikro-orm/core';
import type { InstanceId } from '../../domain/ids.ts';

export const PushEntity = defineEntity({
  name: 'Push',
  tableName: 'pushes',
  properties: {
    id: p.bigint('number').primary(),
    instanceId: p.uuid().$type<InstanceId>(),
    name: p.text(),
    keyId: p.text(),
    sealed: p.text().hidden(),
    attempts: p.integer(),
    failure: p.text().nullable(),
    receivedAt: p.datetime(),
    setAsideAt: p.datetime().nullable(),
  },
});
