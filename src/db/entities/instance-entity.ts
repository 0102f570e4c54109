import { defineEntity, p } from '@mikro-orm/core';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Account, InstanceError, InstanceState } from '../../domain/instance.ts';

export const InstanceEntity = defineEntity({
  name: 'Instance',
  tableName: 'omni_instances',
  properties: {
    id: p.uuid().$type<InstanceId>().primary(),
    name: p.text(),
    channel: p.string().$type<ChannelName>(),
    partition: p.smallint(),
    state: p.string().$type<InstanceState>().default('stopped'),
    account: p.json<Account>().nullable(),
    error: p.json<InstanceError>().nullable(),
    wanted: p.boolean().default(false),
    nextSeq: p.bigint('number').default(1),
    lastSeq: p.bigint('number').default(0),
    removingAt: p.datetime().nullable(),
    /** Since then its owner does nothing for it any more. */
    letGoAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});
