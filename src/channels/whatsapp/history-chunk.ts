import { isJidGroup, isLidUser, isPnUser, proto } from '@whiskeysockets/baileys';
import type { LearnedAlias, ListedContact } from '../../domain/contact.ts';
import type { Message } from '../../domain/message.ts';
import type { MalformedMessage, PushedHistory, PushedStretch } from '../channel.ts';
import { type AddressBook, aliasOf, type Canonical, isPair, type Pair } from './address-book.ts';
import { contactOf, mergeContacts, namesOf, type ToldContact } from './contact-mapping.ts';
import { conversationOf } from './conversation-mapping.ts';
import { isConversation, plainJid } from './jid.ts';
import { addressesIn, entryOf, type MappingOf } from './message-mapping.ts';
import { reactionsOf, withReactions } from './reaction-mapping.ts';
import { numberOf, timeOfSeconds } from './wire-time.ts';

/** `Conversation.EndOfHistoryTransferType`: nothing older is on the phone. 0 and 2 say that there is more. */
const NO_MORE_ON_PRIMARY = 1;

/** Messages of one chat of a history, and what the history says besides them. */
export interface ChunkStretch extends PushedStretch {
  /** Ids of messages that were deleted for everybody. */
  readonly deleted: readonly string[];
  readonly edited: readonly Message[];
}

export interface HistoryChunk extends PushedHistory {
  readonly stretches: readonly ChunkStretch[];
  readonly pairs: readonly Pair[];
  /** As the phone calls its chats. */
  readonly chats: readonly string[];
  readonly canonical: Canonical;
}

const pairsOfChat = ({ id, pnJid, lidJid }: proto.IConversation): readonly Pair[] => {
  if (isLidUser(plainJid(id)) && pnJid) return [{ lid: id ?? '', pn: pnJid }];
  return isPnUser(plainJid(id)) && lidJid ? [{ lid: lidJid, pn: id ?? '' }] : [];
};

const pairsOf = (history: proto.IHistorySync): readonly Pair[] =>
  [
    ...(history.phoneNumberToLidMappings ?? []).map(({ lidJid, pnJid }) => ({ lid: lidJid ?? '', pn: pnJid ?? '' })),
    ...(history.conversations ?? []).flatMap(pairsOfChat),
  ].filter(isPair);

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

const stretchOf = (chat: proto.IConversation, mapping: MappingOf): ChunkStretch => {
  const messages: Message[] = [];
  const malformed: MalformedMessage[] = [];
  const deleted: string[] = [];
  const edited: Message[] = [];
  const reactions: Message[] = [];
  for (const info of newestFirst(infosOf(chat))) {
    const entry = entryOf(info, mapping);
    if (entry.kind === 'message') {
      messages.push(entry.message);
      const newestAt = messages[0]?.timestamp ?? entry.message.timestamp;
      reactions.push(...reactionsOf({ info, message: entry.message, newestAt }, mapping));
    }
    if (entry.kind === 'message' && isRevoked(info)) deleted.push(entry.message.externalId);
    if (entry.kind === 'malformed') malformed.push(entry.malformed);
    if (entry.kind === 'edit') edited.push(entry.message);
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
  const pairs = pairsOf(history);
  const told = toldContacts(history);
  const chats = (history.conversations ?? []).filter(({ id }) => isConversation(plainJid(id)));
  const addresses = [
    ...also,
    ...chats.flatMap((chat) => [chat.id ?? '', ...infosOf(chat).flatMap(addressesIn)]),
    ...told.flatMap(({ id, lid }) => [id, lid ?? '']),
  ];
  const canonical: Canonical = await book.lookUp(addresses, pairs);
  const mapping = { ownJid: book.ownJid, canonical, now };
  const stretches = chats.map((chat) => stretchOf(chat, mapping));
  const contacts: readonly ListedContact[] = mergeContacts(told.flatMap((one) => contactOf(one, canonical) ?? []));
  const aliases: readonly LearnedAlias[] = pairs.map(aliasOf);
  return { stretches, contacts, aliases, pairs, chats: chats.map(({ id }) => id ?? ''), canonical, problems: [] };
};
