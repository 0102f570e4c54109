import { proto } from '@whiskeysockets/baileys';
import { Effect } from 'effect';
import type { PushedHistory, PushReader } from '../../channel.ts';
import { BadAnswer } from '../../platform-failure.ts';
import type { KeptPush } from '../../session-vault.ts';
import type { AddressBook } from '../addresses/address-book.ts';
import type { HistoryNotification } from '../keeping/awaited-answers.ts';
import { changesIn, changeTold, isKeptChange } from '../keeping/kept-change.ts';
import { notificationOf } from '../keeping/kept-notification.ts';
import { type HistoryFiles, readHistory } from './history-blob.ts';
import { type ChunkSpan, type HistoryChunk, readChunk } from './history-chunk.ts';

export interface PushedOf {
  readonly book: AddressBook;
  readonly files: HistoryFiles;
  readonly now: () => number;
  /** Keeps what the history tells of who is who, and what the phone calls its chats. */
  readonly learn: (told: Pick<HistoryChunk, 'pairs' | 'chats'>) => Promise<void>;
}

/** One that came too late for whoever asked: it speaks of what lies below a message that is held. */
const isAnswer = ({ syncType }: HistoryNotification): boolean =>
  syncType === proto.HistorySync.HistorySyncType.ON_DEMAND;

/** Where a push brings nothing of a chat, others may still bring what lies above the end of which it tells. */
const withoutEmptyEnd = (span: ChunkSpan): ChunkSpan =>
  span.messages.length === 0 ? { ...span, atStart: false } : span;

const NOTHING: PushedHistory = {
  spans: [],
  changes: [],
  isLive: false,
  contacts: [],
  aliases: [],
  problems: [],
};

/** Reads what the phone pushed and we kept, and the changes that were kept because they are told only once. */
export const pushReader = ({ book, files, now, learn }: PushedOf): PushReader => {
  const decoded = <A>(decode: () => A): Effect.Effect<A, BadAnswer> =>
    Effect.try({
      try: decode,
      catch: () => new BadAnswer({ message: 'What was kept of a push cannot be read.', raw: null }),
    });

  return {
    read: Effect.fnUntraced(function* (push: KeptPush) {
      if (isKeptChange(push)) {
        const info = yield* decoded(() => changeTold(push));
        const changes = yield* Effect.promise(() => changesIn(info, book, now()));
        return { ...NOTHING, changes, isLive: true };
      }
      const notification = yield* decoded(() => notificationOf(push.body));
      const history = yield* readHistory(files, notification);
      const chunk = yield* Effect.promise(() => readChunk({ history, book, now: now() }));
      yield* Effect.promise(() => learn(chunk));
      const { changes, isLive, contacts, aliases, problems } = chunk;
      const spans = isAnswer(notification) ? chunk.spans : chunk.spans.map(withoutEmptyEnd);
      return { spans, changes, isLive, contacts, aliases, problems };
    }),
  };
};
