import type { Effect } from 'effect';
import type { HeldMessage, MessageChanges } from '../channels/channel.ts';
import type { KeptPush, VaultFailure } from '../channels/session-vault.ts';
import type { Anchor } from '../domain/anchor.ts';
import type { CatchUp } from '../domain/catch-up.ts';
import type { ListedConversation } from '../domain/conversation.ts';
import type { StoreUnavailable } from '../domain/errors.ts';
import type { ConversationId, InstanceId } from '../domain/ids.ts';
import type { Message, MessageSource } from '../domain/message.ts';
import type { Span } from '../domain/span.ts';
import type { StopReason } from '../domain/stop-reason.ts';
import type { Fence } from '../runtime/fence.ts';
import type { StepTransaction } from '../runtime/store/step-transaction.ts';
import type { PeopleTransaction } from './people/people-store.ts';
import type { StoredCounts } from './stored-counts.ts';

/** A conversation as a job sees it. */
export interface StoredConversation {
  readonly id: ConversationId;
  /** Rises with each conversation of a database: the stable order in which a job works through them. */
  readonly ordinal: number;
  readonly externalId: string;
  readonly parentExternalId: string | null;
  readonly name: string | null;
  readonly createdAt: number | null;
  /** The newest message the platform named; null: empty; undefined: it does not tell. */
  readonly newest: Anchor | null | undefined;
  readonly unreadable: string | null;
}

/** Which conversations a job reads. */
export interface Scope {
  /** One channel and its threads, by the platform's id. */
  readonly channelId: string | null;
  readonly conversationIds: readonly ConversationId[] | null;
}

export type { StoredCounts };

/** A stretch that was read again. Times in ms. */
export interface Reading {
  /** Both exclusive. */
  readonly olderThan: number;
  readonly newerThan: number;
  readonly present: readonly string[];
  /** What was stored later may have come into being since the request left: nothing is said about it. */
  readonly storedBefore: number;
}

/** The writes of the sync inside a step. */
export interface SyncTransaction extends StepTransaction, PeopleTransaction {
  /**
   * Inserts or updates by (instance, external id), one statement per set. An absent `newest` keeps what is
   * stored. Conversations that were marked removed come back. Returns how many rows were new or changed.
   */
  readonly upsertConversations: (
    instanceId: InstanceId,
    listed: readonly ListedConversation[],
    at: number,
  ) => Promise<number>;
  /** With them go those that belong to them, such as the archived threads of a channel. */
  readonly removeConversations: (instanceId: InstanceId, externalIds: readonly string[], at: number) => Promise<void>;
  readonly saveBookmarks: (instanceId: InstanceId, bookmarks: ReadonlyMap<string, string>) => Promise<void>;
  readonly conversation: (instanceId: InstanceId, externalId: string) => Promise<StoredConversation | null>;
  /** The first `limit` conversations after `ordinal` in the scope that hold messages and were not removed. */
  readonly conversationsAfter: (
    instanceId: InstanceId,
    scope: Scope,
    ordinal: number,
    limit: number,
  ) => Promise<readonly StoredConversation[]>;
  readonly conversationsByOrdinal: (
    instanceId: InstanceId,
    ordinals: readonly number[],
  ) => Promise<readonly StoredConversation[]>;
  readonly countConversations: (instanceId: InstanceId, scope: Scope) => Promise<number>;
  /** Newest first. */
  readonly spans: (conversationId: ConversationId) => Promise<readonly Span[]>;
  /** Spans of many conversations in one query. */
  readonly spansOf: (
    conversationIds: readonly ConversationId[],
  ) => Promise<ReadonlyMap<ConversationId, readonly Span[]>>;
  readonly replaceSpans: (conversationId: ConversationId, spans: readonly Span[]) => Promise<void>;
  readonly setStopReason: (conversationId: ConversationId, reason: StopReason, at: number) => Promise<void>;
  /** Marks a conversation unreadable (no access) until a listing finds it readable again. */
  readonly setUnreadable: (conversationId: ConversationId, reason: string) => Promise<void>;
  /**
   * One statement per page: `INSERT … SELECT FROM unnest(…) ON CONFLICT`. The page may name a message twice
   * (the last wins). Seen again and unchanged: duplicate. Seen again with a newer edit: updated. A deletion
   * mark is never taken back. Identity is (instance, conversation, external id). A text of source `sync` that differs
   * without a date is an edit too, where no edit is held that is dated at or after `readAt` (ms; without it: where none
   * is held): when the platform was asked, if it shows edits without dates.
   */
  readonly upsertMessages: (
    instanceId: InstanceId,
    conversationId: ConversationId,
    source: MessageSource,
    messages: readonly Message[],
    at: number,
    readAt?: number,
  ) => Promise<StoredCounts>;
  /**
   * Updates messages that are held and whose last edit is older; returns the external ids of those that are held. Of
   * two edits with one date the later wins where they are told live, in the order in which they happened.
   */
  readonly applyEdits: (
    conversationId: ConversationId,
    messages: readonly Message[],
    told: 'live' | 'history',
  ) => Promise<readonly string[]>;
  /** Marks held messages deleted; returns the external ids that were found. */
  readonly markDeleted: (
    conversationId: ConversationId,
    externalIds: readonly string[],
    at: number,
  ) => Promise<readonly string[]>;
  /** Whether a message is held, and more of it than that it could not be read. */
  readonly isRead: (conversationId: ConversationId, externalId: string) => Promise<boolean>;
  /** External ids of conversations with changes whose messages are not held. */
  readonly conversationsWithWaiting: (instanceId: InstanceId) => Promise<readonly string[]>;
  /** Keeps changes of messages that are not held: the newest edit of each, and its deletion. */
  readonly keepWaiting: (
    instanceId: InstanceId,
    conversationExternalId: string,
    changes: MessageChanges,
    at: number,
  ) => Promise<void>;
  /**
   * Brings what waits for messages that are held by now to them, and forgets it. Of an edit that was kept before
   * `readAt` nothing is made: what the platform was asked for later shows it, or a later one. Null: that cannot be
   * said.
   */
  readonly applyWaiting: (
    instanceId: InstanceId,
    conversation: Pick<StoredConversation, 'id' | 'externalId'>,
    readAt: number | null,
  ) => Promise<void>;
  /** What waits under one id of a conversation waits under the other from now on. */
  readonly moveWaiting: (instanceId: InstanceId, alias: string, externalId: string) => Promise<void>;
  /** Whether something that was pushed waits to be stored; not what could not be read at the first try. */
  readonly pushesWait: (instanceId: InstanceId) => Promise<boolean>;
  /** A push was stored: it is gone with the commit. */
  readonly finishPush: (id: number) => Promise<void>;
  /** A push could not be read. After five attempts it is set aside; returns whether it was. */
  readonly failPush: (id: number, failure: string, at: number) => Promise<boolean>;
  /** A push could not be read now, which says nothing about it: the attempt does not count. */
  readonly postponePush: (id: number, failure: string) => Promise<void>;
  /** What each of these external ids goes by now, as far as it is an alias. */
  readonly resolveAliases: (
    instanceId: InstanceId,
    externalIds: readonly string[],
  ) => Promise<ReadonlyMap<string, string>>;
  /** Which of these external ids conversations go by. */
  readonly conversationsNamed: (instanceId: InstanceId, externalIds: readonly string[]) => Promise<readonly string[]>;
  /**
   * Makes one conversation of two: the one that goes is read no more, and its messages are brought over from now on.
   * Returns both ids, or null when there are no two. Spans are the caller's: those of the one that goes are still there
   * to be read before.
   */
  readonly mergeConversations: (
    instanceId: InstanceId,
    alias: string,
    externalId: string,
  ) => Promise<{ readonly gone: ConversationId; readonly kept: ConversationId } | null>;
  /**
   * A batch of what aliases that were learned have still to bring over: messages, without doubles, to the
   * conversation that stays, and messages that name their sender by the alias to the id that counts. Looks at about
   * `limit` messages. Returns whether there may be more.
   */
  readonly bringOver: (instanceId: InstanceId, limit: number) => Promise<boolean>;
  /**
   * Locks the instance against other commands until the commit, and tells its last catch-up. `isBusy`: some job works
   * on all its messages. `hasReadMessages`: its job has completed, and not without its messages. Null: the instance is
   * being removed.
   */
  readonly lockCatchUp: (instanceId: InstanceId) => Promise<{
    readonly isBusy: boolean;
    readonly last: (CatchUp & { readonly hasReadMessages: boolean }) | null;
  } | null>;
  readonly saveCatchUp: (instanceId: InstanceId, catchUp: CatchUp) => Promise<void>;
  /** Marks deleted what is held of a stretch and was not in it when it was read again. */
  readonly markMissing: (conversationId: ConversationId, reading: Reading, at: number) => Promise<void>;
}

/** What the sync needs outside a step. */
export interface SyncStore {
  readonly bookmarks: (instanceId: InstanceId) => Effect.Effect<ReadonlyMap<string, string>, StoreUnavailable>;
  /**
   * Held messages that the platform can be asked to go on from: the oldest ones at or above `before`, oldest first;
   * with null the newest ones, newest first.
   */
  readonly heldFrom: (
    conversationId: ConversationId,
    before: Anchor | null,
    limit: number,
  ) => Effect.Effect<readonly HeldMessage[], StoreUnavailable>;
  /** Whether aliases have still something to bring over. */
  readonly hasLeftovers: (instanceId: InstanceId) => Effect.Effect<boolean, StoreUnavailable>;
  /** The oldest push that waits to be worked off, its attempt counted in a commit of its own; null: there is none. */
  readonly beginPush: (instanceId: InstanceId, fence: Fence) => Effect.Effect<KeptPush | null, VaultFailure>;
}
