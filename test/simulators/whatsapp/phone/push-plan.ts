import type { Account } from '../world/account.ts';
import { type Chat, isSynced } from '../world/chat.ts';
import { endOf, type Piece, type Stretch, type SyncType } from './history-sync.ts';

/** What a phone pushes after pairing, and in which portions. */
export interface PushOptions {
  /** The newest of each chat come in the bootstrap. */
  readonly bootstrapPerChat: number;
  /** How far back RECENT reaches. */
  readonly recentDays: number;
  /** How far back FULL reaches, for companions that asked for it. */
  readonly fullDays: number;
  /** Messages in a notification of RECENT or FULL. */
  readonly chunkMessages: number;
  /** The bootstrap comes in the message itself if it is at most so large, bytes; otherwise as a file. */
  readonly inlineBytes: number;
  /** Between two notifications. */
  readonly pauseMs: number;
}

export const PUSH_OPTIONS: PushOptions = {
  bootstrapPerChat: 10,
  recentDays: 90,
  fullDays: 365,
  chunkMessages: 200,
  inlineBytes: 65_536,
  pauseMs: 0,
};

const DAY_SECONDS = 86_400;

/** What of a chat belongs to one kind of push: from the index `from` up to `to`, excluded. */
interface Share {
  readonly chat: Chat;
  readonly from: number;
  readonly to: number;
}

const sharesOf = (chats: readonly Chat[], pick: (chat: Chat) => readonly [number, number]): readonly Share[] =>
  chats.map((chat) => {
    const [from, to] = chat.isUnpushed ? [chat.messages.length, chat.messages.length] : pick(chat);
    return { chat, from, to };
  });

const firstSince = ({ messages }: Chat, second: number): number => {
  const at = messages.findIndex((message) => message.at >= second);
  return at < 0 ? messages.length : at;
};

const stretchOf = ({ chat, from, to }: Share): Stretch => {
  const messages = chat.messages.slice(from, to);
  return { chat, messages, end: endOf(chat, messages[0]) };
};

/** Cuts shares into portions, chat by chat and newest first, a long chat over several. */
const portions = (shares: readonly Share[], size: number): readonly (readonly Stretch[])[] => {
  const cut: Stretch[][] = [];
  let room = 0;
  for (const { chat, from, to } of shares) {
    for (let end = to; end > from; ) {
      if (room === 0) {
        cut.push([]);
        room = size;
      }
      const begin = Math.max(from, end - room);
      cut.at(-1)?.push(stretchOf({ chat, from: begin, to: end }));
      room -= end - begin;
      end = begin;
    }
  }
  return cut;
};

const statuses = (chats: readonly Chat[]): readonly Stretch[] =>
  chats.filter(({ kind }) => kind === 'status').map((chat) => ({ chat, messages: chat.messages, end: 1 as const }));

/** All that a phone pushes to a new companion, in order. `now` in ms. */
export const planPush = (
  account: Account,
  options: PushOptions,
  { now, full }: { readonly now: number; readonly full: boolean },
): readonly Piece[] => {
  const second = Math.floor(now / 1000);
  const shown = account.chats.filter(
    (chat) => isSynced(chat) || chat.kind === 'newsletter' || chat.kind === 'community',
  );
  const bootstrapFrom = ({ messages }: Chat): number => Math.max(0, messages.length - options.bootstrapPerChat);
  // A message of the bootstrap comes once more: real phones overlap, too.
  const overlap = (at: number, { messages }: Chat): number => Math.min(messages.length, at + 1);
  const recentFrom = (chat: Chat): number =>
    Math.min(bootstrapFrom(chat), firstSince(chat, second - options.recentDays * DAY_SECONDS));
  const fullFrom = (chat: Chat): number =>
    Math.min(recentFrom(chat), firstSince(chat, second - options.fullDays * DAY_SECONDS));
  const synced = shown.filter(isSynced);
  const bootstrap = sharesOf(shown, (chat) => [bootstrapFrom(chat), chat.messages.length]).map(stretchOf);
  const recent = portions(
    sharesOf(synced, (chat) => [recentFrom(chat), overlap(bootstrapFrom(chat), chat)]),
    options.chunkMessages,
  );
  const rest = full
    ? portions(
        sharesOf(synced, (chat) => [fullFrom(chat), recentFrom(chat)]),
        options.chunkMessages,
      )
    : [];
  const piece = (
    syncType: SyncType,
    stretches: readonly Stretch[],
    chunkOrder: number,
    progress: number | null,
  ): Piece => ({
    syncType,
    stretches,
    chunkOrder,
    progress,
  });
  const pieces = (syncType: SyncType, cut: readonly (readonly Stretch[])[]): readonly Piece[] =>
    cut.map((stretches, at) => piece(syncType, stretches, at + 1, Math.round(((at + 1) / cut.length) * 100)));
  return [
    piece('INITIAL_BOOTSTRAP', bootstrap, 1, 100),
    piece('PUSH_NAME', [], 1, null),
    piece('INITIAL_STATUS_V3', statuses(account.chats), 1, null),
    piece('NON_BLOCKING_DATA', [], 1, null),
    ...pieces('RECENT', recent.length === 0 ? [[]] : recent),
    ...pieces('FULL', full && rest.length === 0 ? [[]] : rest),
  ];
};
