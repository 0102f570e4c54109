import { Effect } from 'effect';
import type { ConversationDirectory } from '../channel.ts';

export interface DirectoryOf {
  readonly now: () => number;
  /** When history that the phone sends by itself may be complete, ms; null: it is. */
  readonly arrivesUntil: (now: number) => number | null;
}

/** Chats cannot be listed: they become known by what the phone pushes and by live messages. Makes no request. */
export const whatsappDirectory = ({ now, arrivesUntil }: DirectoryOf): ConversationDirectory => ({
  read: () =>
    Effect.sync(() => {
      const requestedAt = now();
      const until = arrivesUntil(requestedAt);
      return {
        conversations: [],
        bookmarks: new Map(),
        nextCursor: until === null ? null : 'arriving',
        problems: [],
        requestedAt,
        quota: null,
        arrivesUntil: until,
      };
    }),
});
