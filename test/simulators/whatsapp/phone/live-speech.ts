import { proto } from '@whiskeysockets/baileys';
import type { SimulatedAccount } from '../server/simulated-account.ts';
import { type Chat, jidOf } from '../world/chat.ts';
import type { Message } from '../world/message.ts';
import type { Person } from '../world/person.ts';
import type { WorldEdit } from '../world/world-edit.ts';
import { protoOf } from './message-proto.ts';
import type { Speech } from './phone.ts';
import { addressIn, quotedIn } from './web-message.ts';

type Spoken = Extract<WorldEdit, { readonly edit: 'message' | 'react' | 'editMessage' | 'revoke' }>;

const { Type } = proto.Message.ProtocolMessage;

/** `edit` of a stanza: what it does to another message. */
const EDIT = { message: undefined, react: undefined, editMessage: '1', revoke: '7' } as const;

const stanzaType = (edit: Spoken): string => {
  if (edit.edit === 'react') return 'reaction';
  if (edit.edit !== 'message') return 'text';
  const { type } = edit.content;
  if (type === 'poll') return 'poll';
  return type === 'text' ? 'text' : 'media';
};

interface Context {
  readonly account: SimulatedAccount;
  readonly chat: Chat;
  /** Null: the owner, on the phone. */
  readonly author: Person | null;
  /** By which address the chat goes here. */
  readonly chatJid: string;
  readonly isLid: boolean;
}

/** The key of a message as its author's or reader's phone writes it. */
const keyFrom = ({ account, chat, author, chatJid, isLid }: Context, target: Message): proto.IMessageKey => {
  const { owner } = account.world;
  const isOwn = target.author === author;
  if (chat.group !== null) {
    return {
      remoteJid: chatJid,
      fromMe: isOwn,
      id: target.id,
      participant: addressIn(chat, target.author ?? owner),
    };
  }
  // In a direct chat each side names it by the other.
  const remoteJid = author === null ? chatJid : isLid ? owner.lid : owner.pn;
  return { remoteJid, fromMe: isOwn, id: target.id };
};

const messageOf = (context: Context, edit: Spoken, message: Message, second: number): proto.IMessage => {
  const key = keyFrom(context, message);
  switch (edit.edit) {
    case 'message':
      return protoOf(message, quotedIn(context.account.world, context.chat, message));
    case 'react':
      return { reactionMessage: { key, text: edit.emoji, senderTimestampMs: second * 1000 } };
    case 'editMessage':
      return {
        editedMessage: {
          message: {
            protocolMessage: {
              key,
              type: Type.MESSAGE_EDIT,
              editedMessage: { conversation: edit.text },
              timestampMs: second * 1000,
            },
          },
        },
      };
    case 'revoke':
      return { protocolMessage: { key, type: Type.REVOKE } };
  }
};

/** Who says it and where, as attributes of the stanza. `decode-wa-message.js` */
const addressesOf = ({
  account,
  chat,
  author,
  chatJid,
  isLid,
}: Context): Readonly<Record<string, string | undefined>> => {
  const { owner } = account.world;
  const speaker = author ?? owner;
  const isTold = speaker.isMappingKnown;
  if (chat.group !== null) {
    return {
      from: chatJid,
      participant: addressIn(chat, speaker),
      addressing_mode: isLid ? 'lid' : 'pn',
      [isLid ? 'participant_pn' : 'participant_lid']: isTold ? (isLid ? speaker.pn : speaker.lid) : undefined,
    };
  }
  if (author !== null) {
    return {
      from: chatJid,
      [isLid ? 'sender_pn' : 'sender_lid']: isTold ? (isLid ? author.pn : author.lid) : undefined,
    };
  }
  const peer = chat.person;
  return {
    from: isLid ? owner.lid : owner.pn,
    recipient: chatJid,
    [isLid ? 'peer_recipient_pn' : 'peer_recipient_lid']:
      peer?.isMappingKnown === true ? (isLid ? peer.pn : peer.lid) : undefined,
  };
};

const authorOf = (account: SimulatedAccount, edit: Spoken): Person | null => {
  if (edit.edit === 'editMessage' || edit.edit === 'revoke')
    return account.world.message(edit.chat, edit.messageId).author;
  return edit.from === undefined ? null : account.world.person(edit.from);
};

/** What companions hear of something written: `edit` was applied, and has its id and instant. */
export const speechOf = (account: SimulatedAccount, edit: Spoken, id: string): Speech => {
  const chat = account.world.chat(edit.chat);
  const author = authorOf(account, edit);
  const address = edit.edit === 'message' ? edit.address : undefined;
  const { person } = chat;
  const chatJid = address === undefined || person === null ? jidOf(chat, false) : person[address];
  const isLid = chat.group === null ? chatJid.endsWith('@lid') : chat.addressing !== 'pn';
  const context: Context = { account, chat, author, chatJid, isLid };
  const second = Math.floor((edit.at ?? 0) / 1000);
  const target = account.world.message(edit.chat, edit.edit === 'message' ? id : edit.messageId);
  const message = messageOf(context, edit, target, second);
  const isCopy = author === null && chat.group === null;
  return {
    by: author === null ? account.phone : account.contact(author),
    id,
    group: chat.group === null ? null : chatJid,
    message: isCopy ? { deviceSentMessage: { destinationJid: chatJid, message } } : message,
    attrs: {
      ...addressesOf(context),
      t: String(second),
      type: stanzaType(edit),
      edit: EDIT[edit.edit],
      notify: (author ?? account.world.owner).pushName ?? undefined,
    },
  };
};
