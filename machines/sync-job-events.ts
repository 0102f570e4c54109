import type { Anchor } from '../src/domain/anchor.ts';
import type { ConversationId } from '../src/domain/ids.ts';
import type { JobError } from '../src/domain/job.ts';
import type { StopReason } from '../src/domain/stop-reason.ts';
import type { Moment } from './moment.ts';
import type { PageCounts } from './page-counts.ts';
import type { MessageWalk } from './sync-job-context.ts';

/** Why a request brought no page, as the channel told it. */
export type PageFailure =
  /** The limiter was told of it before the job. */
  | { readonly kind: 'rateLimited'; readonly message: string }
  | { readonly kind: 'accessDenied'; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string }
  | { readonly kind: 'silent'; readonly message: string }
  /** Nothing is held from which the platform could go on. */
  | { readonly kind: 'noAnchor'; readonly message: string }
  | { readonly kind: 'badAnswer'; readonly message: string };

type ErrorNote = Omit<JobError, 'count'>;

/** News of a walk, told once the step has stored what the activity reported. */
export type WalkNews =
  | {
      type: 'listingStored';
      run: string;
      nextCursor: unknown;
      total: number | null;
      errors: readonly ErrorNote[];
      pausedUntil: number | null;
      /** Why it pauses, where it is not the platform's limit. */
      pausedFor?: string;
      usedAt: number;
    }
  | {
      type: 'surveyStored';
      run: string;
      counts: PageCounts;
      /** Who is not there any more. */
      gone: number;
      nextCursor: unknown;
      errors: readonly ErrorNote[];
      pausedUntil: number | null;
      pausedFor?: string;
      usedAt: number;
    }
  | {
      type: 'pageStored';
      run: string;
      counts: PageCounts;
      errors: readonly ErrorNote[];
      before: Anchor | null;
      ended: StopReason | null;
      pausedUntil: number | null;
      usedAt: number;
    }
  | { type: 'pageFailed'; run: string; failure: PageFailure; usedAt: number };

/** What happened to the conversations of an instance beside what its jobs asked for. */
export type Aside =
  /** The platform pushed messages that a job would have asked for. */
  | { readonly type: 'pushStored'; readonly counts: PageCounts }
  /** What the platform pushed could not be read. */
  | { readonly type: 'pushLost'; readonly error: ErrorNote }
  /** Two conversations turned out to be one. */
  | { readonly type: 'conversationMerged'; readonly gone: ConversationId; readonly kept: ConversationId };

/** Answers to `ask nextWalk`. `passed` conversations turned out to need no (more) reading. */
export type NextWalk =
  | {
      type: 'walkChosen';
      walk: Omit<MessageWalk, 'run'>;
      from: number;
      deferred: readonly number[];
      passed: number;
      errors: readonly ErrorNote[];
    }
  /** So many conversations need nothing that the search goes on in a step of its own. */
  | { type: 'searchPaused'; from: number; deferred: readonly number[]; passed: number; errors: readonly ErrorNote[] }
  | { type: 'nothingLeft'; from: number; passed: number; errors: readonly ErrorNote[] }
  | {
      type: 'allBlocked';
      from: number;
      deferred: readonly number[];
      passed: number;
      errors: readonly ErrorNote[];
      what: 'walk' | 'cooldown';
      until: number | null;
      detail: string;
    };

export type FromLimiter =
  /** A cooldown began: what was held is counted as used. */
  | { type: 'permitsRecalled' }
  | { type: 'permitGranted'; run: string; limit: number }
  | { type: 'permitDelayed'; run: string; until: number | null; what: 'permit' | 'cooldown' }
  | { type: 'conversationResting'; run: string; until: number };

export type SyncJobEvent = Moment &
  (
    | { type: 'start'; online: boolean }
    | { type: 'pause' }
    | { type: 'resume' }
    | { type: 'cancel' }
    | { type: 'connectionUp' }
    | { type: 'connectionDown' }
    | { type: 'conversationFreed' }
    | { type: 'timerDue' }
    | { type: 'restored' }
    | { type: 'crashed'; message: string }
    | { type: 'giveUp'; message: string }
    | WalkNews
    | Aside
    | NextWalk
    | FromLimiter
  );
