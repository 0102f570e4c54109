import { Clock, Effect } from 'effect';
import type { Channel, HeldMessage, HistoryRequest } from '../../src/channels/channel.ts';
import { Silent } from '../../src/channels/platform-failure.ts';
import type { SyncStore } from '../../src/sync/store.ts';
import type { MemoryStore } from '../sync/memory-store.ts';
import { forgetfulSyncStore } from './forgetful-sync-store.ts';
import type { ModelPlatform } from './model-platform.ts';

const ANSWER_LIMIT_MS = 30_000;

export interface PhoneAsked {
  readonly at: number;
  readonly conversation: string;
  /** The message to go on from. */
  readonly from: string | null;
}

/** A platform that reads only below a message that is held, one request at a time, and may keep silent. */
export class SilentPhone {
  /** Conversations of which it answers nothing. */
  readonly silent = new Set<string>();
  readonly asked: PhoneAsked[] = [];
  mostAtOnce = 0;
  #atOnce = 0;

  /** The same channel, but for its history. */
  over({ channel }: ModelPlatform): Channel {
    return {
      ...channel,
      traits: { ...channel.traits, readsBelow: 'held', requestsAtOnce: 1 },
      open: (request) =>
        channel.open(request).pipe(
          Effect.map((connection) => ({
            ...connection,
            history: {
              ...connection.history,
              read: (wanted: HistoryRequest) => this.#read(wanted, connection.history.read(wanted)),
            },
          })),
        ),
    };
  }

  #read<A, E>({ externalId, from }: HistoryRequest, answer: Effect.Effect<A, E>): Effect.Effect<A, E | Silent> {
    return Effect.gen({ self: this }, function* () {
      this.asked.push({ at: yield* Clock.currentTimeMillis, conversation: externalId, from: from?.externalId ?? null });
      this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
      if (!this.silent.has(externalId)) return yield* answer;
      yield* Effect.sleep(ANSWER_LIMIT_MS);
      return yield* new Silent({ message: 'The phone did not answer.' });
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          this.#atOnce -= 1;
        }),
      ),
    );
  }
}

/** What is held to go on from, oldest first: as the database tells it. */
export const anchorsOf = (rows: () => MemoryStore): SyncStore => ({
  ...forgetfulSyncStore,
  heldFrom: (conversationId, before, limit) =>
    Effect.sync(() =>
      [...rows().messagesOf(conversationId).values()]
        .filter(({ timestamp }) => before === null || timestamp >= before.at)
        .sort((one, other) => one.timestamp - other.timestamp)
        .slice(0, limit)
        .map(
          ({ externalId, senderId, isFromMe, timestamp }): HeldMessage => ({
            externalId,
            senderId,
            isFromMe,
            at: timestamp,
          }),
        ),
    ),
});
