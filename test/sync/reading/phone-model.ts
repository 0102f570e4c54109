import type { MessagePage, PushedSpan } from '../../../src/channels/channel.ts';
import type { ListedConversation } from '../../../src/domain/conversation.ts';
import { ExternalId } from '../../../src/domain/ids.ts';
import type { Message } from '../../../src/domain/message.ts';
import type { Span } from '../../../src/domain/span.ts';

/** How a phone may answer a request for older messages. */
export type Manner = 'whole' | 'half' | 'silent';

export const CHAT: ListedConversation = {
  externalId: ExternalId.make('chat'),
  parentExternalId: null,
  kind: 'direct',
  name: null,
  createdAt: null,
  unreadable: null,
  holdsMessages: true,
};

/**
 * A chat as a phone has it: whole seconds, so that several messages share an instant, ids that say nothing about order,
 * and history that is given only below a message that the phone is named.
 */
export class PhoneModel {
  readonly messages: Message[] = [];
  readonly #ids: () => string;

  constructor(ids: () => string) {
    this.#ids = ids;
  }

  post(at: number): Message {
    const message: Message = {
      externalId: ExternalId.make(this.#ids()),
      senderId: 'someone',
      isFromMe: false,
      type: 'text',
      text: null,
      payload: null,
      timestamp: at,
      editedAt: null,
    };
    this.messages.push(message);
    return message;
  }

  indexOf(externalId: string): number {
    return this.messages.findIndex((message) => message.externalId === externalId);
  }

  /** The messages from one place to another (exclusive), as the phone pushes them. */
  push(from: number, to: number): PushedSpan {
    const messages = this.messages.slice(from, to).reverse();
    return { conversation: CHAT, messages, malformed: [], atStart: from === 0 && messages.length > 0 };
  }

  /** Null: nobody answers. `atStart` is what the phone says of the end, and nothing that could be counted. */
  page(from: string, limit: number, manner: Manner): MessagePage | null {
    const anchor = this.indexOf(from);
    if (anchor < 0) throw new Error(`The phone was asked to go on from ${from}, which it never had`);
    if (manner === 'silent') return null;
    const bottom = Math.max(0, anchor - (manner === 'half' ? Math.ceil(limit / 2) : limit));
    const messages = this.messages.slice(bottom, anchor).reverse();
    const atStart = bottom === 0;
    // Nothing, and no word about the end: the channel takes that for no answer at all.
    if (messages.length === 0 && !atStart) return null;
    const placeOf = (message: Message | undefined) =>
      message === undefined ? null : { at: message.timestamp, id: message.externalId };
    return {
      messages,
      newest: placeOf(messages[0]),
      oldest: placeOf(messages.at(-1)),
      atStart,
      malformed: [],
      requestedAt: 0,
      quota: null,
    };
  }

  /** Whether a span says that it holds the message at this place. */
  claims({ newest, oldest, reachesStart }: Span, index: number): boolean {
    const { timestamp } = this.messages[index] as Message;
    const isBelowTop = newest.id === null ? timestamp <= newest.at : index <= this.indexOf(newest.id);
    const isAboveBottom =
      reachesStart || (oldest.id === null ? timestamp >= oldest.at : index >= this.indexOf(oldest.id));
    return isBelowTop && isAboveBottom;
  }
}
