import type { WorldEvent } from '../src/domain/event.ts';
import type { ConversationId } from '../src/domain/ids.ts';
import type { StopReason } from '../src/domain/stop-reason.ts';

/**
 * What a machine may ask for, as data. The runtime collects these from a transition and carries them out
 * inside the same step: a machine itself does nothing.
 */

/** To another actor of the same instance: `instance`, `rate-limit`, one job by its id, or all `jobs` but the sender. */
export interface Tell {
  readonly to: 'instance' | 'rate-limit' | 'jobs' | (string & {});
  readonly event: { readonly type: string } & Readonly<Record<string, unknown>>;
}

/** To the world, through the outbox. */
export type Publish = WorldEvent;

/** A question to the database, answered by an event to the asker within the same transaction. */
export interface Ask {
  readonly question: 'nextWalk';
}

/** A note about a conversation, written in the same transaction. */
export interface Note {
  readonly conversationId: ConversationId;
  readonly stopReason: StopReason;
  /** Set when the conversation turned out not to be readable: why. */
  readonly unreadable: string | null;
}

/**
 * The actions of every machine's `setup`: they have no body, since the runtime reads them off the transition.
 */
export const EFFECTS = {
  tell: (_: unknown, _params: Tell): void => {},
  publish: (_: unknown, _params: Publish): void => {},
  ask: (_: unknown, _params: Ask): void => {},
  note: (_: unknown, _params: Note): void => {},
};
