import { Schema } from 'effect';
import { ExternalId } from './ids.ts';

export const MessageType = Schema.Literals([
  'text',
  'image',
  'video',
  'audio',
  'document',
  'sticker',
  'location',
  'contact',
  'poll',
  'reaction',
  'embed',
  'system',
  'unknown',
]);
export type MessageType = typeof MessageType.Type;

/** How a message came to us: asked for by a job, live over the connection, or pushed by the platform unasked. */
export const MessageSource = Schema.Literals(['sync', 'live', 'push']);
export type MessageSource = typeof MessageSource.Type;

/** One message as a channel hands it over: the platform's words already turned into ours, its payload kept. */
export const Message = Schema.Struct({
  externalId: ExternalId,
  /** Null for system messages that nobody wrote. */
  senderId: Schema.NullOr(Schema.String),
  isFromMe: Schema.Boolean,
  type: MessageType,
  text: Schema.NullOr(Schema.String),
  /** The platform's own object, JSON. */
  payload: Schema.Unknown,
  /** Milliseconds since the epoch. */
  timestamp: Schema.Number,
  editedAt: Schema.NullOr(Schema.Number),
});
export type Message = typeof Message.Type;

/**
 * Whether an edit is the later of two. Platforms tell whole seconds: of two with one date the one that came later is.
 */
export const isLaterEdit = (came: Pick<Message, 'editedAt'>, known: Pick<Message, 'editedAt'>): boolean =>
  (came.editedAt ?? 0) >= (known.editedAt ?? 0);

interface Unreadable {
  readonly externalId: string | null;
  readonly at: number | null;
  readonly raw: unknown;
}

/** What cannot be read but says which message it is, and when: kept as it came. Null where it does not. */
export const keptOf = ({ externalId, at, raw }: Unreadable): Message | null =>
  externalId === null || at === null
    ? null
    : {
        externalId: ExternalId.make(externalId),
        senderId: null,
        isFromMe: false,
        type: 'unknown',
        text: null,
        payload: raw,
        timestamp: at,
        editedAt: null,
      };
