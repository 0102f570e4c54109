import type { SyncJobContext } from './sync-job-context.ts';
import { conversationOf, type Decision, decided, permitKindOf, tellLimiter } from './sync-job-decision.ts';

/** What becomes of the permits that a job holds. */

/** The first permit that is out has been used, whatever came of it. */
export const usePermit = (context: SyncJobContext, usedAt: number, succeeded: boolean): Decision => {
  const { walk } = context;
  if (walk === null) return decided(context);
  const used = { kind: permitKindOf(walk), usedAt, succeeded, conversation: conversationOf(walk) };
  return decided(
    { ...context, permits: context.permits.slice(1) },
    tellLimiter(context, { type: 'permitUsed', ...used }),
  );
};

export const returnPermits = (context: SyncJobContext): Decision =>
  context.permits.length === 0
    ? decided(context)
    : decided({ ...context, permits: [] }, tellLimiter(context, { type: 'permitsReturned' }));
