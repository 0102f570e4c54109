import type { Moment } from './moment.ts';
import { decideRestart } from './restart-policy.ts';
import type { SyncJobContext } from './sync-job-context.ts';
import { andThen, type Decision, decided, FREED, noteOf, publish, tellLimiter, wait } from './sync-job-decision.ts';
import { finish } from './sync-job-end.ts';
import { goOn, STILL } from './sync-job-stages.ts';

/** The decisions of a job's life: how it begins, holds, goes on and ends. */

export const begin = (context: SyncJobContext, event: Moment & { readonly online: boolean }): Decision => {
  const started: SyncJobContext = { ...context, online: event.online, startedAt: event.at };
  return andThen(decided(started, publish(started, 'sync.started', { config: context.config })), (next) =>
    goOn(next, event),
  );
};

/** Stops the activity, and has what it may have used counted as used. */
export const letGo = (context: SyncJobContext): Decision =>
  decided({ ...context, ...STILL, retryAt: null }, tellLimiter(context, { type: 'permitsForfeited' }));

/**
 * Gives the conversation free for other jobs: spans tell where to go on. Only a refresh keeps it, since spans
 * do not tell what was read again.
 */
const putDown = (context: SyncJobContext): Decision =>
  context.walk?.kind === 'messages' && !context.config.refresh
    ? decided({ ...context, walk: null }, FREED)
    : decided(context);

export const pause = (context: SyncJobContext): Decision =>
  andThen(andThen(letGo(context), putDown), (next) => {
    const paused: SyncJobContext = { ...next, waitingFor: null };
    return decided(paused, publish(paused, 'sync.paused'));
  });

export const resume = (context: SyncJobContext, moment: Moment): Decision => {
  const started: SyncJobContext = { ...context, startedAt: context.startedAt ?? moment.at };
  return andThen(decided(started, publish(started, 'sync.resumed')), (next) => goOn(next, moment));
};

export const loseConnection = (context: SyncJobContext): Decision =>
  andThen(letGo(context), (next) =>
    decided({
      ...wait(next, 'connection', null, 'The instance is not online.'),
      online: false,
      retryAt: context.retryAt,
    }),
  );

/** Online again; a retry that is still due in the future is waited for all the same. */
export const regainConnection = (context: SyncJobContext, moment: Moment): Decision => {
  const online: SyncJobContext = { ...context, online: true };
  const { retryAt } = context;
  return retryAt === null || retryAt <= moment.at
    ? goOn(online, moment)
    : decided(wait(online, 'platform', retryAt, 'Trying again after a failure.'));
};

/** After a restart: the limiter has counted what was out, and the connection has to come first. */
export const restore = (context: SyncJobContext): Decision =>
  decided({ ...wait({ ...context, ...STILL }, 'connection', null, 'The instance is not online.'), online: false });

/** A step of ours threw on what this job brought: try again under the restart policy, then fail. */
export const crash = (context: SyncJobContext, event: Moment & { readonly message: string }): Decision => {
  const stableSince = context.restarts.recent.at(-1) ?? null;
  const decision = decideRestart(context.restarts, { ...event, stableSince });
  if (!decision.restart) return fail(context, event.at, `Gave up after repeated failures: ${event.message}`);
  return andThen(letGo(context), (next) =>
    decided({ ...wait(next, 'restart', decision.at, event.message), retryAt: decision.at, restarts: decision.log }),
  );
};

export const cancel = (context: SyncJobContext, at: number): Decision =>
  andThen(letGo(context), (next) => {
    const note = next.walk?.kind === 'messages' ? [noteOf(next.walk, 'cancelled')] : [];
    return andThen(decided(next, ...note), (noted) => finish(noted, at, 'cancelled', 'sync.cancelled', null));
  });

export const fail = (context: SyncJobContext, at: number, message: string): Decision =>
  andThen(letGo(context), (next) => finish(next, at, 'failed', 'sync.failed', message));
