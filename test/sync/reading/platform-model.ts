import type { LiveMessage, MessagePage } from '../../../src/channels/channel.ts';
import type { Anchor } from '../../../src/domain/anchor.ts';
import type { ListedConversation } from '../../../src/domain/conversation.ts';
import { ExternalId } from '../../../src/domain/ids.ts';
import type { Message } from '../../../src/domain/message.ts';

export interface PlatformMessage {
  readonly at: number;
  /** Rises with every message of the platform, so also within a millisecond. */
  readonly id: string;
  deleted: boolean;
}

const BASE = 1_000_000;

const isBefore = (message: PlatformMessage, anchor: Anchor): boolean =>
  anchor.id === null ? message.at < anchor.at : Number(message.id) < Number(anchor.id);

/** One conversation as its platform has it: ids rise with time, several messages may share a millisecond. */
export class ConversationModel {
  readonly externalId: string;
  readonly messages: PlatformMessage[] = [];
  /** False for a platform that does not name the newest message of this conversation. */
  readonly tellsNewest: boolean;
  /** Reads so far. */
  reads = 0;
  static #ids = BASE;

  constructor(externalId: string, tellsNewest = true) {
    this.externalId = externalId;
    this.tellsNewest = tellsNewest;
  }

  post(at: number): PlatformMessage {
    const message = { at, id: String(ConversationModel.#ids++), deleted: false };
    this.messages.push(message);
    return message;
  }

  get alive(): readonly PlatformMessage[] {
    return this.messages.filter((message) => !message.deleted);
  }

  /** As a channel lists it. The newest that was ever written stays named when it is deleted, as on Discord. */
  listed(): ListedConversation {
    const last = this.messages.at(-1);
    return {
      externalId: ExternalId.make(this.externalId),
      parentExternalId: null,
      kind: 'channel',
      name: this.externalId,
      createdAt: null,
      unreadable: null,
      holdsMessages: true,
      ...(this.tellsNewest ? { newest: last === undefined ? null : { at: last.at, id: last.id } } : {}),
    };
  }

  live(message: PlatformMessage): LiveMessage {
    const conversation = this.listed();
    return {
      conversation: this.tellsNewest ? { ...conversation, newest: { at: message.at, id: message.id } } : conversation,
      message: messageOf(message),
    };
  }

  page(before: Anchor | null, limit: number): MessagePage {
    this.reads++;
    const older = this.alive.filter((message) => before === null || isBefore(message, before));
    const taken = older.slice(-limit).reverse();
    const placeOf = (message: PlatformMessage | undefined): Anchor | null =>
      message === undefined ? null : { at: message.at, id: message.id };
    return {
      messages: taken.map(messageOf),
      newest: placeOf(taken[0]),
      oldest: placeOf(taken.at(-1)),
      atStart: taken.length < limit,
      malformed: [],
      requestedAt: 0,
      quota: null,
    };
  }
}

export const messageOf = ({ at, id }: PlatformMessage): Message => ({
  externalId: ExternalId.make(id),
  senderId: 'someone',
  isFromMe: false,
  type: 'text',
  text: id,
  payload: null,
  timestamp: at,
  editedAt: null,
});
