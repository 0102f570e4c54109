import { type JobPart, PARTS, type PartProgress, type Progress } from '../src/domain/job.ts';
import type { Moment } from './moment.ts';
import { type PageCounts, plus } from './page-counts.ts';
import type { Stage, SyncJobContext, Walk } from './sync-job-context.ts';
import { ASK_NEXT, andThen, type Decision, decided, requestPermit, wait, withErrors } from './sync-job-decision.ts';
import { finish } from './sync-job-end.ts';

/** The decisions about which part of a job comes next. A part that fails does not keep the others from their turn. */

const STAGES: { readonly [Part in JobPart]: readonly Stage[] } = {
  contacts: ['contacts'],
  groups: ['groups'],
  messages: ['listing', 'reading'],
};

const stagesOf = ({ config }: Pick<SyncJobContext, 'config'>): readonly Stage[] =>
  PARTS[config.type].flatMap((part) => STAGES[part]);

export const firstStage = (context: Pick<SyncJobContext, 'config'>): Stage => stagesOf(context)[0] as Stage;

const partOf = (stage: Stage): JobPart => (stage === 'listing' || stage === 'reading' ? 'messages' : stage);

const changePart = (
  progress: Progress,
  part: JobPart,
  change: (before: PartProgress) => Partial<PartProgress>,
): Progress => ({
  ...progress,
  parts: progress.parts.map((one) => (one.part === part ? { ...one, ...change(one) } : one)),
});

/** Adds what a page brought to the part that it belongs to, and to the whole. */
export const addCounts = (progress: Progress, part: JobPart, counts: PageCounts, gone = 0): Progress => {
  return changePart({ ...progress, ...plus(progress, counts) }, part, (one) => ({
    fetched: one.fetched + counts.fetched,
    stored: one.stored + counts.stored,
    duplicates: one.duplicates + counts.duplicates,
    updated: one.updated + counts.updated,
    gone: one.gone + gone,
  }));
};

/** Something of the current part could not be read: it will end as `incomplete`. */
export const markIncomplete = (context: SyncJobContext): SyncJobContext => ({
  ...context,
  progress: changePart(context.progress, partOf(context.stage), () => ({ status: 'incomplete' })),
});

const begun = (context: SyncJobContext): SyncJobContext => ({
  ...context,
  progress: changePart(context.progress, partOf(context.stage), ({ status }) =>
    status === 'pending' ? { status: 'running' } : {},
  ),
});

const walkOf = (context: SyncJobContext, moment: Moment): Walk => {
  const { walk, stage } = context;
  if (walk !== null) return { ...walk, run: moment.fresh };
  return stage === 'contacts' || stage === 'groups'
    ? { kind: 'survey', of: stage, run: moment.fresh, cursor: null, startedAt: moment.at }
    : { kind: 'listing', run: moment.fresh, cursor: null };
};

/** Nothing is out: no permit, and no request that one was for. */
export const STILL: Pick<SyncJobContext, 'permits' | 'granted'> = { permits: [], granted: 0 };

/** Goes on with the walk under a new run, or finds the next one; without a connection it waits for it. */
export const goOn = (context: SyncJobContext, moment: Moment): Decision => {
  const rested = begun({ ...context, ...STILL, retryAt: null, waitingFor: null });
  if (!rested.online) return decided(wait(rested, 'connection', null, 'The instance is not online.'));
  if (rested.walk === null && rested.stage === 'reading') return decided(rested, ASK_NEXT);
  return requestPermit({ ...rested, walk: walkOf(rested, moment) });
};

/** The current stage is over: the next one begins, or the job is done. */
export const advance = (context: SyncJobContext, moment: Moment): Decision => {
  const stages = stagesOf(context);
  const next = stages[stages.indexOf(context.stage) + 1];
  const left: SyncJobContext = { ...context, walk: null, failures: 0 };
  if (next === undefined) return complete(left, moment.at);
  const over = partOf(next) === partOf(context.stage) ? left : endPart(left);
  return goOn({ ...over, stage: next }, moment);
};

const endPart = (context: SyncJobContext): SyncJobContext => ({
  ...context,
  progress: changePart(context.progress, partOf(context.stage), ({ status }) =>
    status === 'running' ? { status: 'completed' } : {},
  ),
});

/** This part cannot be read on: what it brought stays, and the job says why it ended. */
export const giveUpPart = (context: SyncJobContext, moment: Moment, message: string): Decision => {
  const part = partOf(context.stage);
  const error = { conversationId: null, externalId: null, reason: `${part}_failed`, message };
  const failed = withErrors({ ...context, walk: null }, [error]);
  return advance({ ...failed, progress: changePart(failed.progress, part, () => ({ status: 'failed' })) }, moment);
};

/** Nothing is left to do. Where no part brought anything but failure, that is what the job came to. */
export const complete = (context: SyncJobContext, at: number): Decision => {
  const ended = endPart(context);
  const { parts, errors } = ended.progress;
  if (parts.length === 0 || parts.some(({ status }) => status !== 'failed')) {
    return finish(ended, at, 'completed', 'sync.completed', null);
  }
  const message = errors.at(-1)?.message ?? 'Nothing of it could be read.';
  return andThen(decided(ended), (next) => finish(next, at, 'failed', 'sync.failed', message));
};
