import { defineEntity, p } from '@mikro-orm/core';
import type { ConversationId } from '../../domain/ids.ts';

export const SpanEntity = defineEntity({
  name: 'Span',
  tableName: 'spans',
  properties: {
    conversationId: p.uuid().$type<ConversationId>().primary(),
    position: p.integer().primary(),
    newestAt: p.datetime(),
    newestExternalId: p.string().nullable(),
    oldestAt: p.datetime(),
    oldestExternalId: p.string().nullable(),
    reachesStart: p.boolean(),
    continuity: p.text().nullable(),
  },
});
