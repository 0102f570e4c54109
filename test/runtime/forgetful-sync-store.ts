import { Effect } from 'effect';
import type { SyncStore } from '../../src/sync/store.ts';

/** What the sync reads outside steps where a platform needs none of it: no bookmark, no anchor, nothing pushed. */
export const forgetfulSyncStore: SyncStore = {
  bookmarks: () => Effect.succeed(new Map()),
  heldFrom: () => Effect.succeed([]),
  hasLeftovers: () => Effect.succeed(false),
  beginPush: () => Effect.succeed(null),
};
