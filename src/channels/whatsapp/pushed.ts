import { Effect } from 'effect';
import type { ConnectionReport, PushReader } from '../channel.ts';
import { BadAnswer } from '../platform-failure.ts';
import type { KeptPush } from '../session-vault.ts';
import type { AddressBook } from './address-book.ts';
import { type HistoryFiles, readHistory } from './history-blob.ts';
import { type HistoryChunk, readChunk } from './history-chunk.ts';
import { notificationOf } from './kept-notification.ts';
import { changesOf } from './stretch-changes.ts';

export interface PushedOf {
  readonly book: AddressBook;
  readonly files: HistoryFiles;
  readonly now: () => number;
  readonly report: (report: ConnectionReport) => void;
  /** Keeps what the history tells of who is who, and what the phone calls its chats. */
  readonly learn: (told: Pick<HistoryChunk, 'pairs' | 'chats'>) => Promise<void>;
}

/** Reads what the phone pushed and we kept. */
export const pushReader = ({ book, files, now, report, learn }: PushedOf): PushReader => ({
  read: Effect.fnUntraced(function* ({ body }: KeptPush) {
    const notification = yield* Effect.try({
      try: () => notificationOf(body),
      catch: () => new BadAnswer({ message: 'What was kept of a history notification cannot be read.', raw: null }),
    });
    const history = yield* readHistory(files, notification);
    const chunk = yield* Effect.promise(() => readChunk({ history, book, now: now() }));
    yield* Effect.promise(() => learn(chunk));
    const { stretches, contacts, aliases, problems } = chunk;
    for (const change of changesOf(stretches)) report(change);
    return { stretches, contacts, aliases, problems };
  }),
});
