import { Schema } from 'effect';
import { ConversationKind } from './conversation.ts';
import { ConversationId, InstanceId } from './ids.ts';
import { StopReason } from './stop-reason.ts';

/** A conversation as the API shows it. Times in ISO 8601. */
export const ConversationView = Schema.Struct({
  id: ConversationId,
  instanceId: InstanceId,
  externalId: Schema.String,
  parentExternalId: Schema.NullOr(Schema.String),
  kind: ConversationKind,
  name: Schema.NullOr(Schema.String),
  createdAt: Schema.NullOr(Schema.String),
  newestMessageAt: Schema.NullOr(Schema.String),
  unreadable: Schema.NullOr(Schema.String),
  removedAt: Schema.NullOr(Schema.String),
});
export type ConversationView = typeof ConversationView.Type;

/** A closed stretch of time; a null end is open: the start of history, or now. */
export const Stretch = Schema.Struct({ from: Schema.NullOr(Schema.String), to: Schema.NullOr(Schema.String) });

/** Is it complete, and if not, why not? Spans and gaps newest first. */
export const CoverageView = Schema.Struct({
  conversationId: ConversationId,
  externalId: Schema.String,
  name: Schema.NullOr(Schema.String),
  spans: Schema.Array(
    Schema.Struct({
      from: Schema.String,
      to: Schema.String,
      oldestExternalId: Schema.NullOr(Schema.String),
      newestExternalId: Schema.NullOr(Schema.String),
      reachesStart: Schema.Boolean,
      live: Schema.Boolean,
    }),
  ),
  gaps: Schema.Array(Stretch),
  /** Why it is held no further: what the last walk, or the platform, said; null: it was never read. */
  stopReason: Schema.NullOr(StopReason),
  unreadable: Schema.NullOr(Schema.String),
});
export type CoverageView = typeof CoverageView.Type;
