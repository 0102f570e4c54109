import { defineEntity, p } from '@mikro-orm/core';
import type { ConversationKind } from '../../domain/conversation.ts';
import type { ConversationId, InstanceId } from '../../domain/ids.ts';
import type { StopReason } from '../../domain/stop-reason.ts';

export const ConversationEntity = defineEntity({
  name: 'Conversation',
  tableName: 'conversations',
  properties: {
    id: p.uuid().$type<ConversationId>().primary(),
    ordinal: p.bigint('number'),
    instanceId: p.uuid().$type<InstanceId>(),
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
    /** Its messages are on their way there. */
    mergingInto: p.uuid().$type<ConversationId>().nullable(),
    updatedAt: p.datetime(),
    /** Of the newest message that is held. Read only where it is asked for: a look at the messages for each row. */
    newestHeldAt: p
      .datetime()
      .nullable()
      .lazy()
      .persist(false)
      .formula(
        (columns) => `(
          SELECT timestamp FROM omni_events WHERE conversation_id = ${columns.id}
          ORDER BY timestamp DESC, omni_events.id DESC LIMIT 1)`,
      ),
  },
});
