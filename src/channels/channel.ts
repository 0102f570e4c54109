import type { Effect, Scope } from 'effect';
import type { Anchor } from '../domain/anchor.ts';
import type { ChannelName } from '../domain/channel-name.ts';
import type { ListedConversation } from '../domain/conversation.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { Account } from '../domain/instance.ts';
import type { Message } from '../domain/message.ts';
import type { PlatformFailure } from './platform-failure.ts';

/**
 * The seam: what a platform must offer, as small interfaces. Nothing behind it writes to the database,
 * asks for a permit, or retries a request by itself; every read method makes at most ONE platform request.
 */
export interface Channel {
  readonly name: ChannelName;
  /** Says what is wrong with credentials before anything is stored; null when they may be tried. No I/O. */
  readonly refuseCredentials: (credentials: Credentials) => string | null;
  /**
   * Opens and holds a connection until its scope closes. Reports go to `report`, in the order in which they
   * happened; the library's own reconnects stay inside and are told as `connectionInterrupted` and
   * `connectionOpened`. Never fails: what goes wrong is reported as `connectionLost`, after which the
   * connection does nothing more.
   */
  readonly open: (request: OpenRequest) => Effect.Effect<Connection, never, Scope.Scope>;
}

/** What the operator gave us: a bot token for Discord. Decrypted only here; never logged, never in a snapshot. */
export interface Credentials {
  readonly token: string;
}

export interface OpenRequest {
  readonly instanceId: InstanceId;
  readonly credentials: Credentials;
  /** Must not block: it queues. */
  readonly report: (report: ConnectionReport) => void;
}

/** An open connection, as a bundle of abilities. */
export interface Connection {
  readonly directory: ConversationDirectory;
  readonly history: MessageHistory;
}

/** Reads the list of conversations, request by request. */
export interface ConversationDirectory {
  readonly read: (request: DirectoryRequest) => Effect.Effect<DirectoryPage, PlatformFailure>;
}

export interface DirectoryRequest {
  /** Null for the first request of a survey; then what the last page gave. JSON, kept in the job's snapshot. */
  readonly cursor: unknown;
  /** What earlier surveys remembered about a conversation (`DirectoryPage.bookmarks`), by its external id. */
  readonly bookmarks: ReadonlyMap<string, string>;
  /** Set when the job wants one channel (and its threads) only: the platform's id. */
  readonly only: string | null;
}

export interface DirectoryPage {
  readonly conversations: readonly ListedConversation[];
  /** To be remembered with a conversation once this page is committed: external id -> opaque text. */
  readonly bookmarks: ReadonlyMap<string, string>;
  /** Null when the survey is complete. */
  readonly nextCursor: unknown;
  /** What could not be listed, and why: counted in the job's errors, never sinks it. */
  readonly problems: readonly {
    readonly externalId: string | null;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly requestedAt: number;
  readonly quota: Quota | null;
}

/** Reads messages of one conversation, newest first. */
export interface MessageHistory {
  /** The most that one request may bring (Discord 100, WhatsApp 50). */
  readonly pageSize: number;
  readonly read: (request: HistoryRequest) => Effect.Effect<MessagePage, PlatformFailure>;
}

export interface HistoryRequest {
  readonly externalId: string;
  /** Exclusive; null: from the newest message. */
  readonly before: Anchor | null;
  /** 1 to `pageSize`. */
  readonly limit: number;
}

export interface MessagePage {
  /** Newest first, as the platform gave them; unreadable entries are left out and told in `malformed`. */
  readonly messages: readonly Message[];
  /** Of all entries, the malformed included as far as they name a place; null when the page was empty. */
  readonly newest: Anchor | null;
  readonly oldest: Anchor | null;
  /** True only when the platform says, or its protocol implies, that nothing older exists. */
  readonly atStart: boolean;
  readonly malformed: readonly MalformedMessage[];
  /** When the request left, ms. */
  readonly requestedAt: number;
  readonly quota: Quota | null;
}

/** An entry of a page that is no message as the protocol has it. */
export interface MalformedMessage {
  /** Its id and its time (ms), as far as they can be told. With both, the raw payload is kept as a row. */
  readonly externalId: string | null;
  readonly at: number | null;
  readonly reason: string;
  readonly raw: unknown;
}

/** What the platform said is left for this conversation. With `remaining` 0 nothing may be asked before `resetAt` (ms). */
export interface Quota {
  readonly remaining: number;
  readonly resetAt: number;
}

/**
 * What a connection reports. `continuity` names an unbroken stream of live events: as long as it stays the
 * same, no live message was missed; a resumed session keeps it, a new one changes it.
 */
export type ConnectionReport =
  | { readonly type: 'connectionOpened'; readonly account: Account; readonly continuity: string }
  | { readonly type: 'connectionInterrupted'; readonly message: string }
  | ConnectionLost
  | { readonly type: 'messagesArrived'; readonly continuity: string; readonly messages: readonly LiveMessage[] }
  | { readonly type: 'messagesEdited'; readonly messages: readonly LiveMessage[] }
  | {
      readonly type: 'messagesDeleted';
      readonly conversationExternalId: string;
      readonly externalIds: readonly string[];
    }
  | { readonly type: 'conversationsChanged'; readonly conversations: readonly ListedConversation[] }
  | { readonly type: 'conversationsRemoved'; readonly externalIds: readonly string[] };

export interface ConnectionLost {
  readonly type: 'connectionLost';
  /** `transient`: worth another try under the restart policy. `refused`: not before somebody acts. `loggedOut`: final. */
  readonly fate: 'transient' | 'refused' | 'loggedOut';
  /** Stable, documented in docs/OPERATIONS.md, such as `token_refused` or `intents_missing`. */
  readonly code: string;
  /** Says what to do. Never contains a secret. */
  readonly message: string;
  /** Set when the platform refused a login as one request too many: how long it wants to be left alone; null: it did not say. */
  readonly saidStop?: { readonly retryAfterMs: number | null };
}

export interface LiveMessage {
  readonly conversation: ListedConversation;
  readonly message: Message;
}
