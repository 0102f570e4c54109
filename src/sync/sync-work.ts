import { Effect, Schedule } from 'effect';
import type { Note } from '../../machines/effects.ts';
import type { Moment } from '../../machines/moment.ts';
import type { SyncJobContext } from '../../machines/sync-job-context.ts';
import type { Command } from '../domain/command.ts';
import type { SyncDepth } from '../domain/depth.ts';
import type { StoreUnavailable } from '../domain/errors.ts';
import type { InstanceId, JobId } from '../domain/ids.ts';
import type { InstanceActors } from '../runtime/instance-actors.ts';
import type { Report, WalkReport } from '../runtime/report.ts';
import { stopSaidBy } from '../runtime/step/said-stop.ts';
import type { Absorbed, InstanceWork, Mail, PushAssignment, WalkAssignment, WorkFactory } from '../runtime/work.ts';
import { bringOver } from './arriving/aliases.ts';
import type { ArrivalStoring } from './arriving/arrival-storing.ts';
import { Leftovers } from './arriving/leftovers.ts';
import { storeLive } from './arriving/store-live.ts';
import { storePush } from './arriving/store-push.ts';
import { workOff } from './arriving/work-off.ts';
import { RecentChanges } from './changes/recent-changes.ts';
import { WaitingChanges } from './changes/waiting-changes.ts';
import { fateOf } from './fate.ts';
import { storeSurveyPage } from './people/store-survey.ts';
import { findNextWalk, type Obstacles } from './reading/next-walk.ts';
import { type Storing, storeListingPage, storeMessagePage } from './reading/store-page.ts';
import { walkListing, walkMessages, walkSurvey } from './reading/walks.ts';
import { catchUpAfter } from './schedules/catch-up.ts';
import type { SyncStore, SyncTransaction } from './store.ts';

/** Messages to go on from that are tried one after another when the platform does not answer. */
const MOST_ANCHORS = 3;

type Instance = Parameters<WorkFactory<SyncTransaction>>[0];

/** The sync's share in an instance: what its reports mean, which walk comes next, and how walks are walked. */
export const syncWork =
  (store: SyncStore, onConnect: DepthOnConnect): WorkFactory<SyncTransaction> =>
  (instance) =>
    new SyncWork(instance, store, onConnect);

/** How far back an instance syncs that connects for the first time; null: it shall not sync by itself. */
export type DepthOnConnect = (id: InstanceId) => SyncDepth | null;

class SyncWork implements InstanceWork<SyncTransaction> {
  readonly #instance: Instance;
  readonly #store: SyncStore;
  readonly #onConnect: DepthOnConnect;
  readonly #changes = new RecentChanges();
  readonly #leftovers = new Leftovers();
  readonly #waiting: WaitingChanges | null;

  constructor(instance: Instance, store: SyncStore, onConnect: DepthOnConnect) {
    this.#instance = instance;
    this.#store = store;
    this.#onConnect = onConnect;
    this.#waiting = instance.traits.datesEdits ? null : new WaitingChanges();
  }

  async absorb(tx: SyncTransaction, actors: InstanceActors, report: Report, at: number): Promise<Absorbed> {
    if ('jobId' in report) return this.#absorbWalk(tx, actors, report, at);
    if (report.type === 'aliasesLeft') {
      await bringOver({ tx, instanceId: this.#instance.id, leftovers: this.#leftovers });
      return { mail: [], stored: 0 };
    }
    if (report.type !== 'connection') return storePush(this.#arrival(tx, at), report);
    const told = report.report;
    switch (told.type) {
      case 'connectionOpened':
      case 'connectionInterrupted':
      case 'connectionLost':
      case 'pairingOffered':
        return { mail: [], stored: 0 };
      default:
        return storeLive(this.#arrival(tx, at), told);
    }
  }

  #arrival(tx: SyncTransaction, at: number): ArrivalStoring {
    const { id, channel, traits } = this.#instance;
    const [changes, waiting] = [this.#changes, this.#waiting];
    const leftovers = this.#leftovers;
    return { tx, instanceId: id, channel, hasAliases: traits.hasAliases, changes, waiting, leftovers, at };
  }

  async #absorbWalk(tx: SyncTransaction, actors: InstanceActors, report: WalkReport, at: number): Promise<Absorbed> {
    const { jobId, run, usedAt } = report;
    const job = walkingJob(actors, report);
    if (report.type === 'requestFailed') return { mail: failureMail(report, actors), stored: 0 };
    if (job === null) return { mail: [], stored: 0 };
    const { id, channel, traits } = this.#instance;
    const [changes, waiting] = [this.#changes, this.#waiting];
    const storing: Storing = { tx, instanceId: id, channel, job, readsBelow: traits.readsBelow, changes, waiting, at };
    const { continuity } = actors.supervisor.context;
    if (report.type === 'listingFetched') {
      const listed = await storeListingPage(storing, report.page);
      return { mail: [{ to: jobId, event: { ...listed, run, usedAt } }], stored: 0 };
    }
    if (report.type === 'surveyFetched') {
      if (job.walk?.kind !== 'survey') return { mail: [], stored: 0 };
      const surveyed = await storeSurveyPage(storing, job.walk, report.page);
      return { mail: [{ to: jobId, event: { ...surveyed, run, usedAt } }], stored: 0 };
    }
    if (job.walk?.kind !== 'messages') return { mail: [], stored: 0 };
    const live = report.continuity === continuity ? continuity : null;
    const page = await storeMessagePage(storing, job.walk, report.page, live);
    return { mail: [{ to: jobId, event: { ...page, run, usedAt } }], stored: page.counts.stored };
  }

  answer(tx: SyncTransaction, actors: InstanceActors, asker: JobId, _ask: unknown, at: number): Promise<Mail['event']> {
    const job = actors.jobs.get(asker)?.context;
    if (job === undefined) throw new Error(`Job ${asker} asked for its next walk and is gone.`);
    return findNextWalk(tx, {
      instanceId: this.#instance.id,
      config: job.config,
      from: job.from,
      deferred: job.deferred,
      obstacles: obstaclesFor(actors, asker, at),
      continuity: actors.supervisor.context.continuity,
      readsBelow: this.#instance.traits.readsBelow,
      at,
    });
  }

  afterwards(
    tx: SyncTransaction,
    before: InstanceActors,
    after: InstanceActors,
    moment: Moment,
  ): Promise<Command | null> {
    const { id } = this.#instance;
    return catchUpAfter({ tx, instanceId: id, depth: this.#onConnect(id), moment }, before, after);
  }

  async note(tx: SyncTransaction, note: Note, at: number): Promise<void> {
    await tx.setStopReason(note.conversationId, note.stopReason, at);
    if (note.unreadable !== null) await tx.setUnreadable(note.conversationId, note.unreadable);
  }

  walk(assignment: WalkAssignment): Effect.Effect<void> {
    const { walk } = assignment;
    if (walk.kind === 'listing') {
      return walkListing({ ...assignment, walk }, waiting(this.#store.bookmarks(this.#instance.id)));
    }
    // The contacts of the same job bring the members.
    if (walk.kind === 'survey') return walkSurvey({ ...assignment, walk }, assignment.type !== 'all');
    const anchors = waiting(this.#store.heldFrom(walk.conversationId, walk.before, MOST_ANCHORS));
    return walkMessages({ ...assignment, walk }, this.#instance.traits.readsBelow === 'held' ? anchors : null);
  }

  workOff(assignment: PushAssignment): Effect.Effect<void> {
    const { id, fence } = this.#instance;
    const { report } = assignment;
    // What an earlier life of the instance has left.
    const look = Effect.tap(waiting(this.#store.hasLeftovers(id)), (some) =>
      Effect.sync(() => (some ? this.#leftovers.ring() : undefined)),
    );
    const pushes = workOff({ ...assignment, store: this.#store, instanceId: id, fence });
    const aliases = Effect.andThen(look, this.#leftovers.bringOver(report));
    return Effect.all([pushes, aliases], { concurrency: 'unbounded', discard: true });
  }
}

/** Waits for as long as the database is away. */
const waiting = <A>(read: Effect.Effect<A, StoreUnavailable>): Effect.Effect<A> =>
  read.pipe(Effect.retry(Schedule.spaced('1 second')), Effect.orDie);

/** The job that a walk's report belongs to; null: it is stale, the job has moved on or does not run. */
const walkingJob = (actors: InstanceActors, { jobId, run }: WalkReport): SyncJobContext | null => {
  const job = actors.jobs.get(jobId);
  return job?.value === 'running' && job.context.walk?.run === run ? job.context : null;
};

/** "Too much" concerns the limiter first, and stays true when the job that heard it has moved on. */
const failureMail = (
  report: Extract<WalkReport, { type: 'requestFailed' }>,
  actors: InstanceActors,
): readonly Mail[] => {
  const { failure, jobId, run, usedAt, shutGate } = report;
  const told: Mail = { to: jobId, event: { type: 'pageFailed', run, failure: fateOf(failure), usedAt } };
  const stop = stopSaidBy(report, actors);
  if (stop === null) return [told];
  // It calls back what every job holds, the one that heard it included: there is nothing more to tell that one.
  return shutGate ? [stop] : [stop, told];
};

const obstaclesFor = (actors: InstanceActors, asker: JobId, at: number): Obstacles => ({
  walkedByOthers: new Set(
    [...actors.jobs].flatMap(([jobId, job]) => {
      const { walk } = job.context;
      return jobId !== asker && job.status === 'active' && walk?.kind === 'messages' ? [walk.conversationId] : [];
    }),
  ),
  resting: new Map(
    Object.entries(actors.limiter.context.resting).flatMap(([id, { until }]) =>
      until > at ? [[id, until] as const] : [],
    ),
  ),
});
