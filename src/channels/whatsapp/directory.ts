import { Effect } from 'effect';
import type { ConversationDirectory } from '../channel.ts';

/** Chats cannot be listed: they become known by what the phone pushes and by live messages. Makes no request. */
export const whatsappDirectory = (now: () => number): ConversationDirectory => ({
  read: () =>
    Effect.sync(() => ({
      conversations: [],
      bookmarks: new Map(),
      nextCursor: null,
      problems: [],
      requestedAt: now(),
      quota: null,
    })),
});
