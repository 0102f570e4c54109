import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import type { Account } from '../world/account.ts';
import { type Chat, jidOf } from '../world/chat.ts';
import type { Message } from '../world/message.ts';
import { webMessageOf } from './web-message.ts';

export type SyncType = keyof typeof proto.HistorySync.HistorySyncType;

/** What one chat gives to a piece of history: messages that follow each other, oldest first. */
export interface Stretch {
  readonly chat: Chat;
  readonly messages: readonly Message[];
  /** `EndOfHistoryTransferType`: 0 and 2: the phone has older ones; 1: it has none. */
  readonly end: 0 | 1 | 2;
}

/** 0 or 1, by whether the phone has older messages than the first of these. */
export const endOf = (chat: Chat, oldest: Message | undefined): 0 | 1 =>
  oldest === undefined ? (chat.messages.length === 0 ? 1 : 0) : chat.messages[0] === oldest ? 1 : 0;

const mappingsOf = ({ people, owner }: Account): proto.IPhoneNumberToLIDMapping[] =>
  [owner, ...people.values()]
    .filter(({ isMappingKnown }) => isMappingKnown)
    .map(({ pn, lid }) => ({ pnJid: pn, lidJid: lid }));

const conversationOf = (account: Account, { chat, messages, end }: Stretch, pushed: boolean): proto.IConversation => {
  const { person, group } = chat;
  const id = jidOf(chat, pushed);
  const newest = chat.messages.at(-1);
  return {
    id,
    // The phone writes the newest first.
    messages: messages
      .map((message, at) => ({ message: webMessageOf(account, chat, message, pushed), msgOrderId: at + 1 }))
      .reverse(),
    unreadCount: 0,
    endOfHistoryTransfer: true,
    endOfHistoryTransferType: end,
    ...(newest === undefined ? {} : { conversationTimestamp: newest.at, lastMsgTimestamp: newest.at }),
    ...(person === null ? {} : personFields(id, person)),
    ...(group === null
      ? {}
      : {
          name: group.subject,
          createdAt: Math.floor(group.createdAt / 1000),
          readOnly: !group.isMember,
          isParentGroup: chat.kind === 'community',
          isDefaultSubgroup: group.isAnnouncementGroup,
          ...(group.communityJid === null ? {} : { parentGroupId: group.communityJid }),
        }),
    ...(chat.kind === 'newsletter' ? { name: chat.name } : {}),
  };
};

const personFields = (
  id: string,
  { pn, lid, savedAs, isMappingKnown }: NonNullable<Chat['person']>,
): proto.IConversation => ({
  ...(savedAs === null ? {} : { name: savedAs }),
  ...(isMappingKnown ? (id === lid ? { pnJid: pn } : { lidJid: lid }) : {}),
});

export interface Piece {
  readonly syncType: SyncType;
  readonly stretches: readonly Stretch[];
  readonly chunkOrder: number;
  /** 0 to 100; null where the phone tells none. */
  readonly progress: number | null;
}

/** A piece of history as the phone packs it: an encoded `HistorySync`, compressed. */
export const packPiece = (account: Account, { syncType, stretches, chunkOrder, progress }: Piece): Buffer => {
  const pushed = syncType === 'INITIAL_BOOTSTRAP' || syncType === 'RECENT';
  const isOfChats = pushed || syncType === 'FULL' || syncType === 'ON_DEMAND';
  const people = [...account.people.values()];
  const sync: proto.IHistorySync = {
    syncType: proto.HistorySync.HistorySyncType[syncType],
    chunkOrder,
    ...(progress === null ? {} : { progress }),
    ...(isOfChats
      ? {
          conversations: stretches.map((stretch) => conversationOf(account, stretch, pushed)),
          phoneNumberToLidMappings: mappingsOf(account),
        }
      : {}),
    ...(syncType === 'INITIAL_STATUS_V3'
      ? {
          statusV3Messages: stretches.flatMap(({ chat, messages }) =>
            messages.map((message) => webMessageOf(account, chat, message, pushed)),
          ),
        }
      : {}),
    ...(syncType === 'PUSH_NAME'
      ? {
          pushnames: people
            .filter(({ pushName }) => pushName !== null)
            .map(({ pn, lid, pushName, isMappingKnown }) => ({ id: isMappingKnown ? pn : lid, pushname: pushName })),
        }
      : {}),
  };
  return deflateSync(proto.HistorySync.encode(sync).finish());
};

/** The oldest second in a piece. */
export const oldestSecond = (stretches: readonly Stretch[]): number | null => {
  const seconds = stretches.flatMap(({ messages }) => messages.slice(0, 1).map(({ at }) => at));
  return seconds.length === 0 ? null : Math.min(...seconds);
};
