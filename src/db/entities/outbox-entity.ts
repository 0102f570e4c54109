import { defineEntity, p } from '@mikro-orm/core';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { WorldEvent } from '../../domain/event.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';

export const OutboxEntity = defineEntity({
  name: 'Outbox',
  tableName: 'outbox',
  properties: {
    id: p.bigint('number').primary(),
    instanceId: p.uuid().$type<InstanceId>(),
    channel: p.string().$type<ChannelName>(),
    jobId: p.uuid().$type<JobId>().nullable(),
    event: p.json<WorldEvent>(),
    at: p.datetime(),
    sentAt: p.datetime().nullable(),
  },
});
