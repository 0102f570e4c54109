import type { LoginRefusal } from '../server/front-door.ts';

/**
 * When a connection can break: as it comes, at the first or second message of the handshake, when the device was linked
 * (instead of 515), when it logged in (instead of `<success>`), before a notification of pushed history, when a request
 * for history arrived.
 */
export type Moment = 'upgrade' | 'hello' | 'finish' | 'paired' | 'success' | 'midHistory' | 'afterRequest';

/** What can go wrong, as data. */
export type Fault =
  /** The phone gives no answer to a request for history. */
  | { readonly kind: 'silentPhone' }
  /** It answers with so many messages only (default: half of what was asked), and says that there are more. */
  | { readonly kind: 'halfAnswer'; readonly messages?: number }
  /** It answers with the newest messages of the chat again, instead of those before the anchor. */
  | { readonly kind: 'repeatPage' }
  /** It answers with no message at all, and does not say that this is the end. */
  | { readonly kind: 'emptyAnswer' }
  /** It answers, but does not say which request it answers. */
  | { readonly kind: 'anonymousAnswer' }
  /** It answers under the LID of the chat, and nothing tells whose LID that is. */
  | { readonly kind: 'unmappedAnswer' }
  /** It cannot read the request, and asks for it again by a retry receipt. */
  | { readonly kind: 'deafPhone' }
  /** It answers after so many ms; without them, when `releaseAnswers` lets go of it. */
  | { readonly kind: 'lateAnswer'; readonly ms?: number }
  /** History comes twice: an answer, or, aimed at no chat, a pushed piece. Each time with an id of its own. */
  | { readonly kind: 'twice' }
  /** A history file: not found, server error, half of it and then a broken connection, other bytes than promised. */
  | { readonly kind: 'blob'; readonly how: 404 | 500 | 'cut' | 'corrupt' }
  /** What the phone tells a companion comes without encryption. */
  | { readonly kind: 'plaintext' }
  /** What the phone tells a companion cannot be decrypted. */
  | { readonly kind: 'garbled' }
  /** The copy of what the owner writes into a LID chat names the owner's number as that of its sender. */
  | { readonly kind: 'ownSender' }
  /** A query (`type xmlns child`) is not answered at all, or with a result that holds nothing. */
  | { readonly kind: 'query'; readonly on: string; readonly how: 'silent' | 'empty' }
  /** The request for a pairing code is taken without a word of it, not answered at all, or refused. */
  | { readonly kind: 'codeAnswer'; readonly how: 'bare' | 'silent' | 'refused' }
  /** The WebSocket is not opened: an HTTP status instead. */
  | { readonly kind: 'refuseUpgrade'; readonly status: number }
  /** The login is refused: logged out, suspended, banned, outdated, unavailable. */
  | { readonly kind: 'refuseLogin'; readonly reason: LoginRefusal }
  /** The login is taken, but no `<success>` follows. */
  | { readonly kind: 'noSuccess' }
  /** The server takes everything from a device that is logged in, pings included, and says nothing any more. */
  | { readonly kind: 'hang' }
  /** The line is cut. */
  | { readonly kind: 'close'; readonly at: Moment }
  /** Group queries are refused with 429 `rate-overlimit`. */
  | { readonly kind: 'groupsOverlimit' };

export type FaultKind = Fault['kind'];
export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

/** Whom a fault strikes. Absent members match everything. */
export interface FaultAim {
  /** Phone number. */
  readonly account?: string;
  /** Name of a chat: for requests for history. */
  readonly chat?: string;
  /** Matching occasions to let pass first. */
  readonly skip?: number;
  /** How often it strikes; 1 without it, -1: until it is removed. */
  readonly times?: number;
}
