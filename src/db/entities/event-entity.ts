import { defineEntity, p } from '@mikro-orm/core';
import type { ConversationId, InstanceId } from '../../domain/ids.ts';
import type { MessageSource, MessageType } from '../../domain/message.ts';

export const EventEntity = defineEntity({
  name: 'Event',
  tableName: 'omni_events',
  properties: {
    conversationId: p.uuid().$type<ConversationId>().primary(),
    externalId: p.string().primary(),
    id: p.bigint('number'),
    timestamp: p.datetime(),
    storedAt: p.datetime(),
    editedAt: p.datetime().nullable(),
    deletedAt: p.datetime().nullable(),
    instanceId: p.uuid().$type<InstanceId>(),
    isFromMe: p.boolean(),
    senderId: p.text().nullable(),
    type: p.string().$type<MessageType>(),
    source: p.string().$type<MessageSource>(),
    text: p.text().nullable(),
    payload: p.json<unknown>().nullable(),
  },
});
