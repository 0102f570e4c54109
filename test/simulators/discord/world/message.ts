import { discordTime } from '../snowflake.ts';
import type { User } from './people.ts';

/** A message of a simulated channel. What only the wire needs is kept as JSON text. */
export interface SimMessage {
  readonly id: bigint;
  /** ms */
  readonly timestamp: number;
  readonly editedAt: number | null;
  readonly author: User;
  /** Discord's message type: 0 ordinary, 6 pin, 7 join, 19 reply, … */
  readonly type: number;
  readonly content: string;
  /** JSON arrays, hidden together with the content. */
  readonly attachments: string;
  readonly embeds: string;
  /** Further members with a leading comma each, such as `,"reactions":[…]`; hidden is what Discord hides. */
  readonly extras: string;
  /** `,"poll":{…}`, hidden together with the content. */
  readonly poll: string;
  readonly mentions: readonly User[];
  /** The message this one answers or pins, if any. */
  readonly reference: SimMessage | null;
}

export const PLAIN = {
  editedAt: null,
  type: 0,
  attachments: '[]',
  embeds: '[]',
  extras: '',
  poll: '',
  mentions: [],
  reference: null,
} satisfies Partial<SimMessage>;

export interface MessageReader {
  readonly userId: string;
  /** Whether the message content intent lets it read what others wrote. */
  readonly readsContent: boolean;
}

export const contentVisible = (message: SimMessage, reader: MessageReader): boolean =>
  reader.readsContent || message.author.id === reader.userId || message.mentions.some(({ id }) => id === reader.userId);

/**
 * The message object, as REST and gateway carry it.
 * https://discord.com/developers/docs/resources/message#message-object
 */
export const messageJson = (
  message: SimMessage,
  channelId: string,
  guildId: string,
  reader: MessageReader,
  gatewayExtras = '',
): string => {
  const open = contentVisible(message, reader);
  const edited = message.editedAt === null ? 'null' : `"${discordTime(message.editedAt)}"`;
  return (
    `{"type":${message.type},"content":${open ? JSON.stringify(message.content) : '""'}` +
    `,"mentions":[${message.mentions.map(({ json }) => json).join()}],"mention_roles":[]` +
    `,"attachments":${open ? message.attachments : '[]'},"embeds":${open ? message.embeds : '[]'}` +
    `,"timestamp":"${discordTime(message.timestamp)}","edited_timestamp":${edited},"flags":0,"components":[]` +
    `,"id":"${message.id}","channel_id":"${channelId}","author":${message.author.json}` +
    `,"pinned":false,"mention_everyone":false,"tts":false${message.extras}${open ? message.poll : ''}` +
    `${referenceJson(message, channelId, guildId, reader)}${gatewayExtras}}`
  );
};

const referenceJson = (message: SimMessage, channelId: string, guildId: string, reader: MessageReader): string => {
  const { reference, type } = message;
  if (reference === null) return '';
  const pointer = `,"message_reference":{"type":0,"channel_id":"${channelId}","message_id":"${reference.id}","guild_id":"${guildId}"}`;
  if (type !== 19) return pointer;
  return `${pointer},"referenced_message":${messageJson({ ...reference, reference: null }, channelId, guildId, reader)}`;
};
