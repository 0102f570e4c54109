import type { WorldEventName } from '../src/domain/event.ts';
import { type SyncJobContext, withPace } from './sync-job-context.ts';
import { type Decision, decided, FREED, publish } from './sync-job-decision.ts';

/** How a job ends, whatever the outcome. */
export const finish = (
  context: SyncJobContext,
  at: number,
  outcome: NonNullable<SyncJobContext['outcome']>,
  name: WorldEventName,
  errorMessage: string | null,
): Decision => {
  const paced = withPace({ ...context, walk: null }, at);
  const ended: SyncJobContext = {
    ...context,
    outcome,
    errorMessage,
    walk: null,
    waitingFor: null,
    retryAt: null,
    completedAt: at,
    progress: {
      ...paced,
      conversationsTotal: outcome === 'completed' ? paced.conversationsDone : paced.conversationsTotal,
      current: null,
      etaMs: outcome === 'completed' ? 0 : null,
      percent: outcome === 'completed' ? 100 : paced.percent,
    },
  };
  return decided(ended, FREED, publish(ended, name, errorMessage === null ? {} : { errorMessage }));
};
