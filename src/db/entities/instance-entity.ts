import { defineEntity, p } from '@mikro-orm/core';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { Account, InstanceError, InstanceState } from '../../domain/instance.ts';

export const InstanceEntity = defineEntity({
  name: 'Instance',
  tableName: 'omni_instances',
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    channel: p.string().$type<ChannelName>(),
    partition: p.smallint(),
    state: p.string().$type<InstanceState>(),
    account: p.json<Account>().nullable(),
    error: p.json<InstanceError>().nullable(),
    wanted: p.boolean(),
    nextSeq: p.bigint('number'),
    lastSeq: p.bigint('number'),
    removingAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});
