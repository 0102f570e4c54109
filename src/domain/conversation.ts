import { Schema } from 'effect';
import { Anchor } from './anchor.ts';
import { ExternalId } from './ids.ts';

export const ConversationKind = Schema.Literals(['direct', 'group', 'channel', 'thread', 'forum']);
export type ConversationKind = typeof ConversationKind.Type;

/** A conversation as a channel lists it. */
export const ListedConversation = Schema.Struct({
  externalId: ExternalId,
  /** The channel of a thread, the guild of a channel; null where there is none. */
  parentExternalId: Schema.NullOr(Schema.String),
  kind: ConversationKind,
  name: Schema.NullOr(Schema.String),
  /** When it came into being, if the platform tells: no message is older. Milliseconds. */
  createdAt: Schema.NullOr(Schema.Number),
  /** The newest message that the platform names; null: it is empty; undefined (absent): the platform does not tell. */
  newest: Schema.optionalKey(Schema.NullOr(Anchor)),
  /** Null when its history may be read, otherwise why not, in words for the operator. */
  unreadable: Schema.NullOr(Schema.String),
  /** Whether it holds messages of its own. A forum has only threads. */
  holdsMessages: Schema.Boolean,
});
export type ListedConversation = typeof ListedConversation.Type;
