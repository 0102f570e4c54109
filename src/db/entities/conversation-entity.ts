import { defineEntity, p } from '@mikro-orm/core';
import type { ConversationKind } from '../../domain/conversation.ts';
import type { StopReason } from '../../domain/stop-reason.ts';

export const ConversationEntity = defineEntity({
  name: 'Conversation',
  tableName: 'conversations',
  properties: {
    id: p.uuid().primary(),
    ordinal: p.bigint('number'),
    instanceId: p.uuid(),
    externalId: p.string(),
    parentExternalId: p.string().nullable(),
    kind: p.string().$type<ConversationKind>(),
    name: p.text().nullable(),
    createdAt: p.datetime().nullable(),
    newestKnown: p.boolean(),
    newestAt: p.datetime().nullable(),
    newestExternalId: p.string().nullable(),
    unreadable: p.text().nullable(),
    holdsMessages: p.boolean(),
    stopReason: p.string().$type<StopReason>().nullable(),
    stoppedAt: p.datetime().nullable(),
    eventCount: p.bigint('number'),
    removedAt: p.datetime().nullable(),
    updatedAt: p.datetime(),
  },
});
