import { normalizeMessageContent, type proto } from '@whiskeysockets/baileys';
import type { MessageType } from '../../../domain/message.ts';

/** What a message says, in our words. */
export interface Content {
  readonly type: MessageType;
  readonly text: string | null;
}

type Said = proto.IMessage;
type Reading = (said: Said) => Content | null | undefined;

const words = (...candidates: readonly (string | null | undefined)[]): string | null =>
  candidates.find((candidate) => candidate) ?? null;

const reads =
  <Key extends keyof Said>(
    key: Key,
    type: MessageType,
    textOf: (value: NonNullable<Said[Key]>) => string | null | undefined,
  ): Reading =>
  (said) => {
    const value = said[key];
    return value === null || value === undefined ? null : { type, text: textOf(value) || null };
  };

const silent = (): null => null;
const poll = (value: proto.Message.IPollCreationMessage): string | null => words(value.name);

/** In the order in which they are looked for: a message has one of them. (Names of WAProto's `Message`.) */
const READINGS: readonly Reading[] = [
  reads('conversation', 'text', (text) => text),
  reads('extendedTextMessage', 'text', ({ text }) => text),
  reads('imageMessage', 'image', ({ caption }) => caption),
  reads('videoMessage', 'video', ({ caption }) => caption),
  reads('ptvMessage', 'video', ({ caption }) => caption),
  reads('audioMessage', 'audio', silent),
  reads('documentMessage', 'document', ({ caption }) => caption),
  reads('stickerMessage', 'sticker', silent),
  reads('stickerPackMessage', 'sticker', ({ name }) => name),
  reads('locationMessage', 'location', ({ name, address, comment }) => words(name, address, comment)),
  reads('liveLocationMessage', 'location', ({ caption }) => caption),
  reads('contactMessage', 'contact', ({ displayName }) => displayName),
  reads('contactsArrayMessage', 'contact', ({ contacts, displayName }) =>
    words((contacts ?? []).flatMap((contact) => contact.displayName ?? []).join(', '), displayName),
  ),
  reads('pollCreationMessage', 'poll', poll),
  reads('pollCreationMessageV2', 'poll', poll),
  reads('pollCreationMessageV3', 'poll', poll),
  reads('pollCreationMessageV5', 'poll', poll),
  reads('reactionMessage', 'reaction', ({ text }) => text),
  reads('encReactionMessage', 'reaction', silent),
  reads('templateMessage', 'text', ({ hydratedTemplate, hydratedFourRowTemplate }) =>
    words(hydratedTemplate?.hydratedContentText, hydratedFourRowTemplate?.hydratedContentText),
  ),
  reads('buttonsMessage', 'text', ({ contentText }) => contentText),
  reads('buttonsResponseMessage', 'text', ({ selectedDisplayText }) => selectedDisplayText),
  reads('templateButtonReplyMessage', 'text', ({ selectedDisplayText }) => selectedDisplayText),
  reads('listMessage', 'text', ({ description, title }) => words(description, title)),
  reads('listResponseMessage', 'text', ({ title, description }) => words(title, description)),
  reads('interactiveMessage', 'text', ({ body, header }) => words(body?.text, header?.title)),
  reads('interactiveResponseMessage', 'text', ({ body }) => body?.text),
  reads('groupInviteMessage', 'text', ({ caption, groupName }) => words(caption, groupName)),
  reads('productMessage', 'text', ({ body, product }) => words(body, product?.title)),
  reads('orderMessage', 'text', ({ message, orderTitle }) => words(message, orderTitle)),
  reads('eventMessage', 'text', ({ name, description }) => words(name, description)),
  reads('albumMessage', 'system', () => 'album'),
  reads('pinInChatMessage', 'system', () => 'message pinned or unpinned'),
  reads('keepInChatMessage', 'system', () => 'message kept or no longer kept'),
  reads('callLogMesssage', 'system', () => 'call'),
  reads('call', 'system', () => 'call'),
  reads('requestPhoneNumberMessage', 'system', () => 'phone number requested'),
];

/** What comes as a message and is none: votes, keys, encrypted changes of other messages. */
const NO_MESSAGES: readonly (keyof Said)[] = [
  'protocolMessage',
  'pollUpdateMessage',
  'encEventResponseMessage',
  'secretEncryptedMessage',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'messageHistoryBundle',
  'messageHistoryNotice',
  'stickerSyncRmrMessage',
  'chat',
];

/** Further wrappings, which `normalizeMessageContent` leaves on. */
const WRAPPINGS = [
  'lottieStickerMessage',
  'groupMentionedMessage',
  'botInvokeMessage',
  'eventCoverImage',
  'pollCreationMessageV4',
  'pollCreationOptionImageMessage',
  'statusMentionMessage',
  'questionMessage',
  'questionReplyMessage',
  'botForwardedMessage',
  'limitSharingMessage',
] as const satisfies readonly (keyof Said)[];

const MOST_WRAPPINGS = 6;

/** The innermost message: what was sent from another device, disappears, can be seen once or carries a caption. */
export const unwrap = (message: Said | null | undefined): Said | null => {
  let inner: Said | null = message ?? null;
  for (let depth = 0; depth < MOST_WRAPPINGS && inner !== null; depth++) {
    const unsent: Said = inner.deviceSentMessage?.message ?? inner;
    const open: Said = normalizeMessageContent(unsent) ?? unsent;
    const wrapped = WRAPPINGS.map((key) => open[key]?.message).find((one) => one);
    const next: Said = wrapped ?? open;
    if (next === inner) return inner;
    inner = next;
  }
  return inner;
};

const isSaid = (value: unknown): boolean => value !== null && value !== undefined && typeof value !== 'function';

/** Of an unwrapped message. Null: it says nothing to a reader, and has no place in a conversation. */
export const contentOf = (said: Said): Content | null => {
  for (const reading of READINGS) {
    const content = reading(said);
    if (content) return content;
  }
  const told = Object.keys(said).filter((key) => key !== 'messageContextInfo' && isSaid(said[key as keyof Said]));
  const isNothing = told.every((key) => NO_MESSAGES.includes(key as keyof Said));
  return isNothing ? null : { type: 'unknown', text: null };
};
