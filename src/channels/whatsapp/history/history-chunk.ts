import { isJidGroup, isLidUser, isPnUser, proto } from '@whiskeysockets/baileys';
import type { LearnedAlias, ListedContact } from '../../../domain/contact.ts';
import type { Message } from '../../../domain/message.ts';
import type {
  ConversationChanges,
  MalformedMessage,
  MessageChanges,
  PushedHistory,
  PushedSpan,
} from '../../channel.ts';
import { type AddressBook, aliasOf, type Canonical, type Pair } from '../addresses/address-book.ts';
import { isConversation, plainJid } from '../addresses/jid.ts';
import { contactOf, mergeContacts, namesOf, type ToldContact } from '../mapping/contact-mapping.ts';
import { conversationOf } from '../mapping/conversation-mapping.ts';
import { addressesIn, type Entry, entryOf, type MappingOf } from '../mapping/message-mapping.ts';
import { reactionsOf, withReactions } from '../mapping/reaction-mapping.ts';
import { numberOf, timeOfSeconds } from '../mapping/wire-time.ts';

/** `Conversation.EndOfHistoryTransferType`: nothing older is on the phone. 0 and 2 say that there is more. */
const NO_MORE_ON_PRIMARY = 1;

/** Messages of one chat of a history, and what the history says of them besides. */
export interface ChunkSpan extends PushedSpan, MessageChanges {}

export interface HistoryChunk extends PushedHistory {
  readonly spans: readonly ChunkSpan[];
  readonly pairs: readonly Pair[];
  /** As the phone calls its chats. */
  readonly chats: readonly string[];
  readonly canonical: Canonical;
}

/** In a direct chat, what the owner wrote was received by the other (Baileys' `extractPnFromMessages`). */
const receiverOf = (chat: proto.IConversation): string | undefined =>
  infosOf(chat)
    .filter(({ key }) => key?.fromMe)
    .map(({ userReceipt }) => plainJid(userReceipt?.[0]?.userJid))
    .find((jid) => isPnUser(jid));

const pairsOfChat = (chat: proto.IConversation): readonly Pair[] => {
  const { id, lidJid } = chat;
  const pnJid = isLidUser(plainJid(id)) ? chat.pnJid || receiverOf(chat) : undefined;
  if (pnJid) return [{ lid: id ?? '', pn: pnJid }];
  return isPnUser(plainJid(id)) && lidJid ? [{ lid: lidJid, pn: id ?? '' }] : [];
};

const pairsOf = (history: proto.IHistorySync): readonly Pair[] => [
  ...(history.phoneNumberToLidMappings ?? []).map(({ lidJid, pnJid }) => ({ lid: lidJid ?? '', pn: pnJid ?? '' })),
  ...(history.conversations ?? []).flatMap(pairsOfChat),
];

const infosOf = ({ messages }: proto.IConversation): readonly proto.IWebMessageInfo[] =>
  (messages ?? []).flatMap(({ message }) => message ?? []);

/** Newest first; within a second as the phone gave them, which is newest first too, unless all of it is upside down. */
const newestFirst = (infos: readonly proto.IWebMessageInfo[]): readonly proto.IWebMessageInfo[] => {
  const time = (info: proto.IWebMessageInfo | undefined): number => numberOf(info?.messageTimestamp) ?? 0;
  const given = time(infos[0]) < time(infos.at(-1)) ? infos.toReversed() : infos;
  return given.toSorted((one, other) => time(other) - time(one));
};

const toldContacts = (history: proto.IHistorySync): readonly ToldContact[] => [
  ...(history.conversations ?? []).flatMap(
    ({ id, name, displayName, username, pnJid, lidJid }): readonly ToldContact[] => {
      const isDirect = isConversation(plainJid(id)) && !isJidGroup(plainJid(id));
      if (!isDirect) return [];
      // The phone shows a chat under the name that its owner saved.
      const names = namesOf({ saved: name || displayName });
      return [{ id: id ?? '', lid: lidJid, phoneNumber: pnJid, names, username }];
    },
  ),
  ...(history.pushnames ?? []).map(({ id, pushname }) => ({ id: id ?? '', names: namesOf({ pushed: pushname }) })),
];

const isRevoked = ({ messageStubType }: proto.IWebMessageInfo): boolean =>
  messageStubType === proto.WebMessageInfo.StubType.REVOKE;

interface Told {
  readonly info: proto.IWebMessageInfo;
  readonly entry: Entry;
}

/**
 * A phone may give an edited message as its edit alone, and then that is the message: the newest, where there are more.
 */
const withoutOriginals = (entries: readonly Told[]): readonly Told[] => {
  const shown = new Set(entries.flatMap(({ entry }) => (entry.kind === 'message' ? [entry.message.externalId] : [])));
  return entries.map(({ info, entry }) => {
    if (entry.kind !== 'edit' || shown.has(entry.message.externalId)) return { info, entry };
    shown.add(entry.message.externalId);
    return { info, entry: { kind: 'message', message: entry.message } };
  });
};

const changesOf = (spans: readonly ChunkSpan[]): readonly ConversationChanges[] =>
  spans.flatMap(({ conversation, edited, deleted }) =>
    edited.length + deleted.length === 0 ? [] : [{ conversationExternalId: conversation.externalId, edited, deleted }],
  );

const spanOf = (chat: proto.IConversation, mapping: MappingOf): ChunkSpan => {
  const messages: Message[] = [];
  const malformed: MalformedMessage[] = [];
  const deleted: string[] = [];
  const edited: Message[] = [];
  const reactions: Message[] = [];
  const entries = newestFirst(infosOf(chat)).map((info) => ({ info, entry: entryOf(info, mapping) }));
  for (const { info, entry } of withoutOriginals(entries)) {
    if (entry.kind === 'message') {
      messages.push(entry.message);
      const newestAt = messages[0]?.timestamp ?? entry.message.timestamp;
      reactions.push(...reactionsOf({ info, message: entry.message, newestAt }, mapping));
    }
    if (entry.kind === 'message' && isRevoked(info)) deleted.push(entry.message.externalId);
    if (entry.kind === 'malformed') malformed.push(entry.malformed);
    if (entry.kind === 'edit') edited.unshift(entry.message);
    if (entry.kind === 'deletion') deleted.push(entry.externalId);
  }
  const jid = mapping.canonical(chat.id);
  const conversation = conversationOf({
    jid,
    name: chat.name || chat.displayName,
    createdAt: isJidGroup(jid) ? timeOfSeconds(chat.createdAt, mapping.now) : null,
    parent: chat.parentGroupId,
    isCommunity: chat.isParentGroup,
  });
  const atStart = chat.endOfHistoryTransferType === NO_MORE_ON_PRIMARY;
  return { conversation, messages: withReactions(messages, reactions), malformed, atStart, deleted, edited };
};

export interface ChunkOf {
  readonly history: proto.IHistorySync;
  /** Further addresses that `canonical` shall know. */
  readonly also?: readonly string[];
  readonly book: AddressBook;
  readonly now: number;
}

/** Makes sense of a decoded history. Status updates, broadcast lists and newsletters are left out. */
export const readChunk = async ({ history, also = [], book, now }: ChunkOf): Promise<HistoryChunk> => {
  const pairs = pairsOf(history).filter((pair) => book.accepts(pair));
  const told = toldContacts(history);
  const chats = (history.conversations ?? []).filter(({ id }) => isConversation(plainJid(id)));
  const addresses = [
    ...also,
    ...chats.flatMap((chat) => [chat.id ?? '', ...infosOf(chat).flatMap(addressesIn)]),
    ...told.flatMap(({ id, lid }) => [id, lid ?? '']),
  ];
  const canonical: Canonical = await book.lookUp(addresses, pairs);
  const mapping = { ownJid: book.ownJid, canonical, now };
  const spans = chats.map((chat) => spanOf(chat, mapping));
  const contacts: readonly ListedContact[] = mergeContacts(told.flatMap((one) => contactOf(one, canonical) ?? []));
  const aliases: readonly LearnedAlias[] = pairs.map(aliasOf);
  return {
    spans,
    changes: changesOf(spans),
    isLive: false,
    contacts,
    aliases,
    pairs,
    chats: chats.map(({ id }) => id ?? ''),
    canonical,
    problems: [],
  };
};
