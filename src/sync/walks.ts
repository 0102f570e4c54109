import { Clock, Effect, Queue } from 'effect';
import type { ListingWalk, MessageWalk } from '../../machines/sync-job-context.ts';
import type { Quota } from '../channels/channel.ts';
import type { PlatformFailure } from '../channels/platform-failure.ts';
import type { WalkAssignment } from '../runtime/work.ts';
import { endOf } from './page-end.ts';

/**
 * The walk activities. Each makes one request per permit and reports what came; the next request may leave while
 * the last page is still being stored, since its permit says so. They know where the stretch ends and do not ask
 * beyond it. They decide nothing and write nothing.
 */

type Assignment<Walk> = Omit<WalkAssignment, 'walk'> & { readonly walk: Walk };

/** A permit, once it may be used: never while the gate is shut, since then a step is on its way that recalls it. */
const takePermit = (assignment: Assignment<unknown>): Effect.Effect<number> =>
  Queue.take(assignment.permits).pipe(
    Effect.tap(() => Effect.suspend(() => (assignment.gate.isOpen ? Effect.void : Effect.never))),
  );

const pauseUntil = (instant: number | null): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (instant !== null) yield* Effect.sleep(Math.max(0, instant - (yield* Clock.currentTimeMillis)));
  });

/** What the platform says goes: with nothing left it is not asked before its reset. */
const heed = (quota: Quota | null): Effect.Effect<void> =>
  pauseUntil(quota === null || quota.remaining > 0 ? null : quota.resetAt);

/** Tells of a failed request; the walk is over, the job decides what becomes of it. */
const reportFailure = (
  { jobId, gate, report }: Assignment<unknown>,
  run: string,
  failure: PlatformFailure,
  stopsInstance: boolean,
  usedAt: number,
): void => {
  const shutGate = failure._tag === 'RateLimited' && stopsInstance;
  if (shutGate) gate.shut();
  report({ type: 'requestFailed', jobId, run, failure, shutGate, usedAt });
};

export const walkMessages = (assignment: Assignment<MessageWalk>): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { walk, connection, jobId, report, continuity } = assignment;
    const { history } = connection;
    let before = walk.before;
    yield* pauseUntil(assignment.notBefore);
    for (;;) {
      const granted = yield* takePermit(assignment);
      const usedAt = yield* Clock.currentTimeMillis;
      const live = continuity();
      const limit = Math.min(granted, history.pageSize);
      const answer = yield* Effect.result(history.read({ externalId: walk.externalId, before, limit }));
      if (answer._tag === 'Failure') {
        const { failure } = answer;
        const stopsInstance = failure._tag === 'RateLimited' && failure.scope === 'instance';
        return reportFailure(assignment, walk.run, failure, stopsInstance, usedAt);
      }
      const page = answer.success;
      report({ type: 'pageFetched', jobId, run: walk.run, page, continuity: live, usedAt });
      if (endOf(walk, page) !== null) return;
      before = page.oldest;
      yield* heed(page.quota);
    }
  });

/** `bookmarks` is what earlier surveys remembered. */
export const walkListing = (
  assignment: Assignment<ListingWalk>,
  bookmarks: Effect.Effect<ReadonlyMap<string, string>>,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { walk, connection, jobId, report, only } = assignment;
    const known = yield* bookmarks;
    let cursor: unknown = walk.cursor;
    yield* pauseUntil(assignment.notBefore);
    for (;;) {
      yield* takePermit(assignment);
      const usedAt = yield* Clock.currentTimeMillis;
      const answer = yield* Effect.result(connection.directory.read({ cursor, bookmarks: known, only }));
      // What lists conversations belongs to none of them: a limit on it holds for the whole instance.
      if (answer._tag === 'Failure') return reportFailure(assignment, walk.run, answer.failure, true, usedAt);
      const page = answer.success;
      report({ type: 'listingFetched', jobId, run: walk.run, page, usedAt });
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
      yield* heed(page.quota);
    }
  });
