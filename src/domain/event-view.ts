import { Schema } from 'effect';
import { ChannelName } from './channel-name.ts';
import { ConversationId, InstanceId } from './ids.ts';
import { MessageSource, MessageType } from './message.ts';

/** A stored message as the API shows it. Times in ISO 8601. */
export const EventView = Schema.Struct({
  id: Schema.String,
  instanceId: InstanceId,
  channel: ChannelName,
  conversationId: ConversationId,
  externalId: Schema.String,
  senderId: Schema.NullOr(Schema.String),
  isFromMe: Schema.Boolean,
  type: MessageType,
  text: Schema.NullOr(Schema.String),
  payload: Schema.Unknown,
  timestamp: Schema.String,
  editedAt: Schema.NullOr(Schema.String),
  deletedAt: Schema.NullOr(Schema.String),
  source: MessageSource,
});
export type EventView = typeof EventView.Type;
