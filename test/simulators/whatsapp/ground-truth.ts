import { addressIn } from './phone/web-message.ts';
import { membersOf } from './server/iq/group-queries.ts';
import type { Account } from './world/account.ts';
import { aliasesOf, type Chat, isSynced, jidOf } from './world/chat.ts';
import { type Content, type Message, textOf } from './world/message.ts';
import type { Person } from './world/person.ts';

/** A message as the phone has it. Times in ms. */
export interface TrueMessage {
  /** The chat's address on the phone. */
  readonly channelId: string;
  /** Every address of the chat: of a direct one, phone number and LID. */
  readonly aliases: readonly string[];
  readonly chat: string;
  readonly messageId: string;
  readonly timestamp: number;
  readonly isFromMe: boolean;
  /** As the chat names its author; null for a system stub of a direct chat. */
  readonly senderId: string | null;
  /** Phone number and LID of the author. */
  readonly senderAliases: readonly string[];
  readonly type: Content['type'];
  /** Text, caption or question, as written: NUL and lone surrogates included. */
  readonly content: string;
  /** Null where history shows no trace of an edit. */
  readonly editedTimestamp: number | null;
  readonly reactions: readonly {
    readonly messageId: string;
    readonly senderId: string;
    readonly emoji: string;
    readonly timestamp: number;
  }[];
}

export interface TruthScope {
  /** Phone number; without it, the first account. */
  readonly account?: string;
  /** Inclusive, ms. */
  readonly since?: number;
  /** Exclusive, ms. */
  readonly until?: number;
  /** Name of a chat. */
  readonly chat?: string;
  /** Leaves out chats of which a companion knows no message to ask from. */
  readonly reachable?: boolean;
}

export interface TrueContact {
  readonly name: string;
  readonly pn: string;
  readonly lid: string;
  readonly savedAs: string | null;
  readonly pushName: string | null;
  /** Whether anybody may know that both addresses are one person. */
  readonly isMappingKnown: boolean;
}

export interface TrueGroup {
  readonly jid: string;
  readonly subject: string;
  readonly description: string | null;
  readonly isCommunity: boolean;
  readonly isAnnouncementGroup: boolean;
  readonly communityJid: string | null;
  readonly members: readonly {
    readonly jid: string;
    readonly pn: string;
    readonly lid: string;
    readonly role: string;
  }[];
}

const trueMessage = (account: Account, chat: Chat, message: Message): TrueMessage => {
  const author: Person = message.author ?? account.owner;
  return {
    channelId: jidOf(chat, false),
    aliases: aliasesOf(chat),
    chat: chat.name,
    messageId: message.id,
    timestamp: message.at * 1000,
    isFromMe: message.author === null,
    senderId: addressIn(chat, author),
    senderAliases: [author.pn, author.lid],
    type: message.content.type,
    content: textOf(message.content),
    editedTimestamp: message.editedAt === null ? null : message.editedAt * 1000,
    reactions: message.reactions.map(({ id, by, emoji, at }) => ({
      messageId: id,
      senderId: addressIn(chat, by ?? account.owner),
      emoji,
      timestamp: at * 1000,
    })),
  };
};

function* select(
  account: Account,
  { since = -Infinity, until = Infinity, chat: name, reachable = false }: TruthScope,
  revoked: boolean,
): Generator<TrueMessage> {
  for (const chat of account.chats) {
    if (!isSynced(chat) || (name !== undefined && chat.name !== name) || (reachable && chat.isUnpushed)) continue;
    for (const message of chat.messages) {
      const ms = message.at * 1000;
      if ((message.revokedAt !== null) === revoked && ms >= since && ms < until)
        yield trueMessage(account, chat, message);
    }
  }
}

/** Everything that is there to be stored: no status updates, no newsletters, nothing that was revoked. */
export const groundTruth = (account: Account, scope: TruthScope = {}): Iterable<TrueMessage> =>
  select(account, scope, false);

export const deletedMessages = (account: Account): Iterable<TrueMessage> => select(account, {}, true);

export const trueContacts = (account: Account): readonly TrueContact[] =>
  [...account.people.values()].map(({ name, pn, lid, savedAs, pushName, isMappingKnown }) => ({
    name,
    pn,
    lid,
    savedAs,
    pushName,
    isMappingKnown,
  }));

/** The groups that the account is a member of, communities included. */
export const trueGroups = (account: Account): readonly TrueGroup[] =>
  account.chats.flatMap((chat) => {
    const { group, ownJid } = chat;
    if (group === null || ownJid === null || !group.isMember) return [];
    const { subject, description, communityJid, isAnnouncementGroup } = group;
    const members = membersOf(account.owner, group).map(({ person, type }) => ({
      jid: addressIn(chat, person),
      pn: person.pn,
      lid: person.lid,
      role: type ?? 'member',
    }));
    return [
      {
        jid: ownJid,
        subject,
        description,
        isCommunity: chat.kind === 'community',
        isAnnouncementGroup,
        communityJid,
        members,
      },
    ];
  });
