import { Effect, Schedule } from 'effect';
import type { Note } from '../../machines/effects.ts';
import type { SyncJobContext } from '../../machines/sync-job-context.ts';
import type { InstanceId, JobId } from '../domain/ids.ts';
import type { InstanceActors } from '../runtime/instance-actors.ts';
import type { Report, WalkReport } from '../runtime/report.ts';
import { stopSaidBy } from '../runtime/said-stop.ts';
import type { InstanceWork, Mail, WalkAssignment, WorkFactory } from '../runtime/work.ts';
import { fateOf } from './fate.ts';
import { findNextWalk, type Obstacles } from './next-walk.ts';
import { RecentChanges } from './recent-changes.ts';
import type { SyncStore, SyncTransaction } from './store.ts';
import { storeLive } from './store-live.ts';
import { type Storing, storeListingPage, storeMessagePage } from './store-page.ts';
import { walkListing, walkMessages } from './walks.ts';

/** The sync's share in an instance: what its reports mean, which walk comes next, and how walks are walked. */
export const syncWork =
  (store: SyncStore): WorkFactory<SyncTransaction> =>
  ({ id }) =>
    new SyncWork(id, store);

class SyncWork implements InstanceWork<SyncTransaction> {
  readonly #instanceId: InstanceId;
  readonly #store: SyncStore;
  readonly #changes = new RecentChanges();

  constructor(instanceId: InstanceId, store: SyncStore) {
    this.#instanceId = instanceId;
    this.#store = store;
  }

  async absorb(tx: SyncTransaction, actors: InstanceActors, report: Report, at: number): Promise<readonly Mail[]> {
    if (report.type !== 'connection') return this.#absorbWalk(tx, actors, report, at);
    const told = report.report;
    if (told.type === 'connectionOpened' || told.type === 'connectionInterrupted' || told.type === 'connectionLost')
      return [];
    const storing = { tx, instanceId: this.#instanceId, changes: this.#changes, at };
    await storeLive(storing, told);
    return [];
  }

  async #absorbWalk(
    tx: SyncTransaction,
    actors: InstanceActors,
    report: WalkReport,
    at: number,
  ): Promise<readonly Mail[]> {
    const { jobId, run, usedAt } = report;
    const job = walkingJob(actors, report);
    if (report.type === 'requestFailed') return failureMail(report, actors);
    if (job === null) return [];
    const storing: Storing = { tx, instanceId: this.#instanceId, job, at };
    const { continuity } = actors.supervisor.context;
    if (report.type === 'listingFetched') {
      const stored = await storeListingPage(storing, report.page);
      return [{ to: jobId, event: { ...stored, run, usedAt } }];
    }
    if (job.walk?.kind !== 'messages') return [];
    const live = report.continuity === continuity ? continuity : null;
    const stored = await storeMessagePage(storing, job.walk, report.page, live, this.#changes);
    return [{ to: jobId, event: { ...stored, run, usedAt } }];
  }

  answer(tx: SyncTransaction, actors: InstanceActors, asker: JobId, _ask: unknown, at: number): Promise<Mail['event']> {
    const job = actors.jobs.get(asker)?.context;
    if (job === undefined) throw new Error(`Job ${asker} asked for its next walk and is gone.`);
    return findNextWalk(tx, {
      instanceId: this.#instanceId,
      config: job.config,
      from: job.from,
      deferred: job.deferred,
      obstacles: obstaclesFor(actors, asker, at),
      continuity: actors.supervisor.context.continuity,
    });
  }

  async note(tx: SyncTransaction, note: Note, at: number): Promise<void> {
    await tx.setStopReason(note.conversationId, note.stopReason, at);
    if (note.unreadable !== null) await tx.setUnreadable(note.conversationId, note.unreadable);
  }

  walk(assignment: WalkAssignment): Effect.Effect<void> {
    const { walk } = assignment;
    return walk.kind === 'messages'
      ? walkMessages({ ...assignment, walk })
      : walkListing({ ...assignment, walk }, this.#bookmarks);
  }

  /** Waits for as long as the database is away. */
  readonly #bookmarks: Effect.Effect<ReadonlyMap<string, string>> = Effect.suspend(() =>
    Effect.tryPromise(() => this.#store.bookmarks(this.#instanceId)).pipe(
      Effect.retry(Schedule.spaced('1 second')),
      Effect.orDie,
    ),
  );
}

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
