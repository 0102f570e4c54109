import { MessageType as DiscordMessageType } from 'discord.js';
import { Exit, Schema } from 'effect';
import { ExternalId } from '../../../domain/ids.ts';
import type { Message, MessageType } from '../../../domain/message.ts';
import { Snowflake } from './api-channel.ts';
import { timeOfSnowflake } from './snowflake.ts';

const optional = <A>(schema: Schema.Codec<A>) => Schema.optional(Schema.NullOr(schema));

const Attachment = Schema.Struct({ content_type: optional(Schema.String), filename: optional(Schema.String) });
const Embed = Schema.Struct({ title: optional(Schema.String), description: optional(Schema.String) });
const Poll = Schema.Struct({ question: optional(Schema.Struct({ text: optional(Schema.String) })) });
const Snapshot = Schema.Struct({ message: optional(Schema.Struct({ content: optional(Schema.String) })) });

/** What we read of a message (docs: Messages Resource); everything else stays in the payload. */
export const ApiMessage = Schema.Struct({
  id: Snowflake,
  channel_id: optional(Snowflake),
  guild_id: optional(Snowflake),
  /** Over the gateway only. */
  channel_type: optional(Schema.Number),
  type: optional(Schema.Number),
  content: optional(Schema.String),
  timestamp: optional(Schema.String),
  edited_timestamp: optional(Schema.String),
  author: optional(Schema.Struct({ id: Snowflake, bot: optional(Schema.Boolean), username: optional(Schema.String) })),
  webhook_id: optional(Snowflake),
  attachments: optional(Schema.Array(Attachment)),
  embeds: optional(Schema.Array(Embed)),
  sticker_items: optional(Schema.Array(Schema.Struct({ name: optional(Schema.String) }))),
  poll: optional(Poll),
  message_snapshots: optional(Schema.Array(Snapshot)),
  components: optional(Schema.Array(Schema.Unknown)),
});
export type ApiMessage = typeof ApiMessage.Type;

const decode = Schema.decodeUnknownExit(ApiMessage);

/** The message, or in words what about it is no message. */
export const readMessage = (value: unknown): ApiMessage | string => {
  const decoded = decode(value);
  if (Exit.isSuccess(decoded)) return decoded.value;
  const reason = decoded.cause.reasons[0];
  return reason?._tag === 'Fail' ? reason.error.message.slice(0, 200) : 'not a message';
};

/**
 * Whether an update tells what a message says now. Discord sends whole messages today, and used to send only what
 * changed, such as an embed that was filled in: taken for a message, that would wipe the text.
 */
export const tellsText = (message: ApiMessage): boolean =>
  message.content != null && (message.edited_timestamp != null || message.author != null);

/** Types that people write; all others are Discord's own notices. */
const WRITTEN: readonly number[] = [
  DiscordMessageType.Default,
  DiscordMessageType.Reply,
  DiscordMessageType.ChatInputCommand,
  DiscordMessageType.ContextMenuCommand,
];

export const isWritten = (message: ApiMessage): boolean => WRITTEN.includes(message.type ?? DiscordMessageType.Default);

/** True when nothing of what somebody wrote can be seen: so it looks without the Message Content intent. */
export const isBlank = (message: ApiMessage): boolean =>
  !message.content &&
  [message.attachments, message.embeds, message.sticker_items, message.message_snapshots, message.components].every(
    (list) => (list ?? []).length === 0,
  ) &&
  message.poll == null;

const mediaType = (contentType: string): MessageType => {
  const family = contentType.split('/')[0];
  return family === 'image' || family === 'video' || family === 'audio' ? family : 'document';
};

const typeOf = (message: ApiMessage): MessageType => {
  if (!isWritten(message)) return 'system';
  const attachment = message.attachments?.[0];
  if (attachment !== undefined) return mediaType(attachment.content_type ?? '');
  if (message.poll != null) return 'poll';
  if (message.sticker_items?.length) return 'sticker';
  return !message.content && message.embeds?.length ? 'embed' : 'text';
};

/** "ThreadCreated" -> "thread created": Discord sends most notices without words of their own. */
const noticeOf = (type: number): string => {
  const name = DiscordMessageType[type];
  return name === undefined ? `notice of type ${type}` : name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
};

const embedText = (message: ApiMessage): string =>
  (message.embeds ?? [])
    .flatMap(({ title, description }) => [title, description])
    .filter(Boolean)
    .join('\n');

const textOf = (message: ApiMessage): string | null => {
  const written =
    message.content ||
    message.poll?.question?.text ||
    message.message_snapshots?.[0]?.message?.content ||
    embedText(message) ||
    (isWritten(message) ? '' : noticeOf(message.type ?? 0));
  return written === '' ? null : written;
};

const instantOf = (iso: string | null | undefined): number | null => {
  const at = iso == null ? Number.NaN : Date.parse(iso);
  return Number.isNaN(at) ? null : at;
};

/** `payload` is the object as Discord sent it. */
export const messageOf = (message: ApiMessage, payload: unknown, botId: string): Message => ({
  externalId: ExternalId.make(message.id),
  senderId: message.author?.id ?? message.webhook_id ?? null,
  isFromMe: message.author?.id === botId,
  type: typeOf(message),
  text: textOf(message),
  payload,
  timestamp: instantOf(message.timestamp) ?? timeOfSnowflake(message.id),
  editedAt: instantOf(message.edited_timestamp),
});
