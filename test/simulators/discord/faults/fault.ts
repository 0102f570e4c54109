import type { RateLimitScope } from '../rest/rate-limiter.ts';

/** What can go wrong with a REST answer. */
export type RestFault =
  /** An error in Discord's own JSON. */
  | { readonly kind: 'status'; readonly status: number; readonly message?: string; readonly code?: number }
  /** A page of Cloudflare; 502 without `status`. */
  | { readonly kind: 'html'; readonly status?: number }
  /** The right head and half of the body, then the connection is gone. */
  | { readonly kind: 'cutBody' }
  /** 200, but no JSON. */
  | { readonly kind: 'notJson' }
  /** 200, and an object where an array was due (or the other way round). */
  | { readonly kind: 'wrongShape' }
  /** 200, and one entry of the list is broken. */
  | { readonly kind: 'malformedMessage'; readonly defect: MessageDefect }
  | { readonly kind: 'malformedMember'; readonly defect: MemberDefect }
  /** The right answer, after `ms`; without it, when the handle's `release` is called. */
  | { readonly kind: 'slow'; readonly ms?: number }
  /** The connection is reset before a status line. */
  | { readonly kind: 'reset' }
  | RateLimitedFault;

/** 429. With a time, requests of the same bucket are refused until it has passed. */
export interface RateLimitedFault {
  readonly kind: 'rateLimited';
  /** Null: the answer names no time. */
  readonly retryAfterMs: number | null;
  readonly namedIn?: 'both' | 'header' | 'body';
  readonly scope?: RateLimitScope;
}

export type MessageDefect =
  | 'noId'
  | 'noTimestamp'
  | 'numericId'
  | 'nullEntry'
  | 'badTimestamp'
  | 'nulContent'
  | 'numericContent';

export type MemberDefect = 'nullEntry' | 'noUser' | 'numericNick' | 'nulNames';

/** Which requests a fault strikes. Absent members match everything. */
export interface FaultAim {
  /** A route template such as `/channels/:channelId/messages`. */
  readonly route?: string;
  readonly channelId?: string;
  /** Of routes that name their guild. */
  readonly guildId?: string;
  /** Matching requests to let pass first. */
  readonly skip?: number;
  /** How often it strikes; 1 without it. */
  readonly times?: number;
  /** 0 to 1: how likely each matching request is struck, by the simulator's seed. */
  readonly probability?: number;
}

export interface Strike {
  /** ms */
  readonly at: number;
  readonly route: string;
  readonly channelId: string | null;
}

/** Lets a test watch a fault, and end it. */
export interface FaultHandle {
  readonly count: number;
  readonly strikes: readonly Strike[];
  /** When it struck for the n-th time (from 1; without n, the first). */
  readonly struck: (nth?: number) => Promise<Strike>;
  /** Lets go of every answer that a `slow` fault holds, now and later. */
  readonly release: () => void;
  readonly remove: () => void;
}
