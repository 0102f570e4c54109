import type { Effect, Scope } from 'effect';
import type { Anchor } from '../domain/anchor.ts';
import type { ChannelName } from '../domain/channel-name.ts';
import type { LearnedAlias, ListedContact } from '../domain/contact.ts';
import type { ListedConversation } from '../domain/conversation.ts';
import type { AmendedGroup, ListedGroup, ListedMember } from '../domain/group.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { Account } from '../domain/instance.ts';
import type { Message } from '../domain/message.ts';
import type { HistoryDepth, PairingOffer } from '../domain/pairing.ts';
import type { PlatformFailure } from './platform-failure.ts';
import type { KeptPush, SessionVault } from './session-vault.ts';

/**
 * The seam: what a platform must offer, as small interfaces. Nothing behind it writes to the database, asks for a
 * permit, or retries a request by itself; every read method makes at most ONE platform request. The exception is
 * history that a phone gives (`whatsapp/history`), all of it on one permit: the request is sent again, twice at most,
 * where the phone says that it could not decrypt it, as every client does; and the file that the answer names is
 * fetched from the media host.
 */
export interface Channel {
  readonly name: ChannelName;
  readonly traits: ChannelTraits;
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

/** What sync and limiter have to know of how a platform gives its history. */
export interface ChannelTraits {
  /** `anything`: history is read from the newest message. `held`: only below a message that we hold already. */
  readonly readsBelow: 'anything' | 'held';
  /** Whether a person pairs the account with a phone; otherwise credentials are all it takes. */
  readonly pairs: boolean;
  /** Whether one account may come under several ids, of which we may learn later that they belong together. */
  readonly hasAliases: boolean;
  /** How many requests for messages may be on their way at one time; null: as many as there are permits. */
  readonly requestsAtOnce: number | null;
  /**
   * Whether history says when a message was edited. Where it does not, what was read last is what a message says; and
   * an edit or a deletion may come before its message, which has been on its way for long.
   */
  readonly datesEdits: boolean;
}

/**
 * What the operator gave us; which of it a channel wants, `refuseCredentials` says. Decrypted only here; never logged,
 * never in a snapshot.
 */
export interface Credentials {
  /** Of a bot. */
  readonly token?: string;
  /** How much of its past a phone shall push. */
  readonly historyDepth?: HistoryDepth;
}

export interface OpenRequest {
  readonly instanceId: InstanceId;
  readonly credentials: Credentials;
  readonly vault: SessionVault;
  /** Set when a person wants to pair with a code typed into the phone of this number (digits only); otherwise by QR. */
  readonly pairWith?: string;
  /** Must not block: it queues. */
  readonly report: (report: ConnectionReport) => void;
}

/** An open connection, as a bundle of abilities. */
export interface Connection {
  readonly directory: ConversationDirectory;
  readonly history: MessageHistory;
  /** Reads contacts. */
  readonly contacts: PeopleSurvey;
  /** Reads groups, with their members. */
  readonly groups: PeopleSurvey;
  /** Null: this platform pushes nothing. */
  readonly pushed: PushReader | null;
  /**
   * Ends the session on the platform's side too, where there is such a thing. Fails when the platform cannot be told.
   */
  readonly logOut: Effect.Effect<void, PlatformFailure>;
}

/** Makes sense of what was pushed and kept in the vault: fetches what it refers to, decodes it. Costs no permit. */
export interface PushReader {
  /** Fails with `BadAnswer` when this push cannot be read (any more), with `Unreachable` when it may be later. */
  readonly read: (push: KeptPush) => Effect.Effect<PushedHistory, PlatformFailure>;
}

export interface PushedHistory {
  readonly spans: readonly PushedSpan[];
  /** Of messages that may be among those of the spans, held already, or still to come. */
  readonly changes: readonly ConversationChanges[];
  /** Whether the changes happened live, in this order, and were kept until now; otherwise a history tells of them. */
  readonly isLive: boolean;
  readonly contacts: readonly ListedContact[];
  readonly aliases: readonly LearnedAlias[];
  /** What could not be read, and why. */
  readonly problems: readonly { readonly externalId: string | null; readonly message: string }[];
}

/** What became of messages, in the order in which it happened. */
export interface MessageChanges {
  /** The messages as they say now, each with `editedAt`. */
  readonly edited: readonly Message[];
  /** Deleted for everybody, by external id. */
  readonly deleted: readonly string[];
}

export interface ConversationChanges extends MessageChanges {
  readonly conversationExternalId: string;
}

/** Messages of one conversation without a gap, newest first. */
export interface PushedSpan {
  readonly conversation: ListedConversation;
  readonly messages: readonly Message[];
  readonly malformed: readonly MalformedMessage[];
  /** True only when the platform says that nothing older exists. */
  readonly atStart: boolean;
}

/** Reads a whole list of people or groups, request by request. */
export interface PeopleSurvey {
  readonly read: (request: SurveyRequest) => Effect.Effect<PeoplePage, PlatformFailure>;
}

export interface SurveyRequest {
  /** Null for the first request; then what the last page gave. JSON, kept in the job's snapshot. */
  readonly cursor: unknown;
  /** False where another survey of the same job brings the members. */
  readonly withMembers: boolean;
  /**
   * True when a bad answer to this request would be the end of the list: then what it was for is told as a problem and
   * passed over, where the list can be read on without it.
   */
  readonly lastTry?: boolean;
}

/** What one request brought. Whatever belongs together comes in this order: groups, contacts, members. */
export interface PeoplePage {
  readonly groups: readonly ListedGroup[];
  readonly contacts: readonly ListedContact[];
  readonly members: readonly GroupMembers[];
  /** What this survey has told in full with this page: who was not told of is gone. */
  readonly completed: {
    readonly groups: boolean;
    readonly contacts: boolean;
    /** The whole address book: whoever was told of without a saved name, or not at all, has none (any more). */
    readonly savedNames?: true;
    /** Groups whose members are all told. */
    readonly membersOf: readonly string[];
  };
  /** True where the platform cannot be asked: what it pushed, and we hold, is all there is. */
  readonly onlyPushed: boolean;
  /** Null when the survey is over. */
  readonly nextCursor: unknown;
  /** What could not be read, and why: counted in the job's errors, never sinks it. */
  readonly problems: readonly ListProblem[];
  readonly requestedAt: number;
  readonly quota: Quota | null;
  /** As for `DirectoryPage`. */
  readonly arrivesUntil?: number | null;
}

export interface GroupMembers {
  readonly groupExternalId: string;
  readonly members: readonly ListedMember[];
}

/** What of a listing or a survey could not be read, and why. */
export interface ListProblem {
  readonly externalId: string | null;
  readonly reason: string;
  readonly message: string;
}

/** Reads the list of conversations, request by request. */
export interface ConversationDirectory {
  readonly read: (request: DirectoryRequest) => Effect.Effect<DirectoryPage, PlatformFailure>;
}

export interface DirectoryRequest {
  /** Null for the first request of a listing; then what the last page gave. JSON, kept in the job's snapshot. */
  readonly cursor: unknown;
  /** What earlier listings remembered about a conversation (`DirectoryPage.bookmarks`), by its external id. */
  readonly bookmarks: ReadonlyMap<string, string>;
  /** Set when the job wants one channel (and its threads) only: the platform's id. */
  readonly only: string | null;
  /**
   * True when a bad answer to this request would be the end of the list: then what it was for is told as a problem and
   * passed over, where the list can be read on without it.
   */
  readonly lastTry?: boolean;
}

export interface DirectoryPage {
  readonly conversations: readonly ListedConversation[];
  /** To be remembered with a conversation once this page is committed: external id -> opaque text. */
  readonly bookmarks: ReadonlyMap<string, string>;
  /** Null when the listing is complete. */
  readonly nextCursor: unknown;
  /** What could not be listed, and why: counted in the job's errors, never sinks it. */
  readonly problems: readonly ListProblem[];
  readonly requestedAt: number;
  readonly quota: Quota | null;
  /** Set while the platform still sends by itself what would have to be told here: when to ask again, ms. */
  readonly arrivesUntil?: number | null;
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
  /**
   * The held message at or above `before` to go on from, where the channel reads only below such a one (`readsBelow`).
   */
  readonly from?: HeldMessage;
  /** 1 to `pageSize`. */
  readonly limit: number;
}

/** A message that is stored, as much as a platform wants to know to find it again. */
export interface HeldMessage {
  readonly externalId: string;
  readonly senderId: string | null;
  readonly isFromMe: boolean;
  /** ms */
  readonly at: number;
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
  /** What the page says of messages besides showing them, where a platform does so. */
  readonly changes?: MessageChanges;
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

/**
 * What the platform said is left for this conversation. With `remaining` 0 nothing may be asked before `resetAt` (ms).
 */
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
  /** A person has to do something before the account opens. Each offer replaces the one before it. */
  | { readonly type: 'pairingOffered'; readonly offer: PairingOffer }
  | ConnectionLost
  | { readonly type: 'messagesArrived'; readonly continuity: string; readonly messages: readonly LiveMessage[] }
  | { readonly type: 'messagesEdited'; readonly messages: readonly LiveMessage[] }
  /** A message came and cannot be read, or not again: as far as it is not held, the stream has a gap there. */
  | { readonly type: 'messageMissed'; readonly conversationExternalId: string; readonly externalId: string }
  | {
      readonly type: 'messagesDeleted';
      readonly conversationExternalId: string;
      readonly externalIds: readonly string[];
      /** True: what is not held of it was never a message, and nothing is to be remembered. */
      readonly onlyHeld?: true;
    }
  | { readonly type: 'conversationsChanged'; readonly conversations: readonly ListedConversation[] }
  | { readonly type: 'conversationsRemoved'; readonly externalIds: readonly string[] }
  | { readonly type: 'contactsArrived'; readonly contacts: readonly ListedContact[] }
  /** Two ids of one account, and of the direct conversation with it. */
  | { readonly type: 'aliasesLearned'; readonly aliases: readonly LearnedAlias[] }
  /** `members` are all members that a group has now. */
  | {
      readonly type: 'groupsChanged';
      readonly groups: readonly ListedGroup[];
      readonly members: readonly GroupMembers[];
    }
  | { readonly type: 'groupsAmended'; readonly groups: readonly AmendedGroup[] }
  | { readonly type: 'membersJoined'; readonly members: GroupMembers }
  | { readonly type: 'membersLeft'; readonly groupExternalId: string; readonly contactExternalIds: readonly string[] }
  | { readonly type: 'groupsLeft'; readonly externalIds: readonly string[] };

export interface ConnectionLost {
  readonly type: 'connectionLost';
  /**
   * `transient`: worth another try under the restart policy. `refused`: not before somebody acts. `loggedOut`: final.
   */
  readonly fate: 'transient' | 'refused' | 'loggedOut';
  /** Stable, documented in docs/OPERATIONS.md and docs/WHATSAPP.md, such as `token_refused` or `intents_missing`. */
  readonly code: string;
  /** Says what to do. Never contains a secret. */
  readonly message: string;
  /**
   * Set when the platform refused a login as one request too many: how long it wants to be left alone; null: it did not
   * say.
   */
  readonly saidStop?: { readonly retryAfterMs: number | null };
}

export interface LiveMessage {
  readonly conversation: ListedConversation;
  readonly message: Message;
}
