import { proto } from '@whiskeysockets/baileys';
import type { Account } from '../world/account.ts';
import { type Chat, jidOf } from '../world/chat.ts';
import type { Message } from '../world/message.ts';
import type { Person } from '../world/person.ts';
import { protoOf, type Quoted, stubType } from './message-proto.ts';

/** By which address somebody is named in a group. */
export const addressIn = (chat: Chat, person: Person): string =>
  chat.group !== null && chat.addressing !== 'pn' ? person.lid : person.pn;

export const quotedIn = (account: Account, chat: Chat, message: Message): Quoted | null => {
  if (message.quotes === null) return null;
  const quoted = chat.messages.find(({ id }) => id === message.quotes);
  return quoted === undefined
    ? null
    : { message: quoted, participant: addressIn(chat, quoted.author ?? account.owner) };
};

export const keyOf = (chat: Chat, chatJid: string, author: Person | null, id: string): proto.IMessageKey => {
  const isGroup = chat.kind !== 'direct' && chat.kind !== 'newsletter';
  return {
    remoteJid: chatJid,
    fromMe: author === null,
    id,
    ...(isGroup && author !== null ? { participant: addressIn(chat, author) } : {}),
  };
};

/** A message as the phone puts it into history. `pushed`: under the address of pushed history. */
export const webMessageOf = (
  account: Account,
  chat: Chat,
  message: Message,
  pushed: boolean,
): proto.IWebMessageInfo => {
  const chatJid = jidOf(chat, pushed);
  const { author, content, at, id, reactions, revokedAt } = message;
  const isStub = content.type === 'system';
  const key = keyOf(chat, chatJid, author, id);
  const common: proto.IWebMessageInfo = {
    key,
    messageTimestamp: at,
    ...(key.participant == null ? {} : { participant: key.participant }),
    status: author === null ? proto.WebMessageInfo.Status.READ : proto.WebMessageInfo.Status.DELIVERY_ACK,
  };
  if (revokedAt !== null) return { ...common, messageStubType: stubType('REVOKE'), messageStubParameters: [] };
  if (isStub)
    return { ...common, messageStubType: stubType(content.stub), messageStubParameters: [...content.parameters] };
  return {
    ...common,
    message: protoOf(message, quotedIn(account, chat, message)),
    reactions: reactions.map((reaction) => ({
      key: keyOf(chat, chatJid, reaction.by, reaction.id),
      text: reaction.emoji,
      senderTimestampMs: reaction.at * 1000,
      unread: false,
    })),
  };
};
