import { Clock, Effect, Queue } from 'effect';
import type { ListingWalk, MessageWalk, SurveyWalk } from '../../../machines/sync-job-context.ts';
import { MAX_FAILURES } from '../../../machines/sync-job-failures.ts';
import type { HeldMessage, MessagePage, Quota } from '../../channels/channel.ts';
import { NoAnchor, type PlatformFailure } from '../../channels/platform-failure.ts';
import type { Message } from '../../domain/message.ts';
import type { WalkAssignment } from '../../runtime/work.ts';
import { endOf } from './page-end.ts';

/**
 * The walk activities. Each makes one request per permit and reports what came; the next request may leave while
 * the last page is still being stored, since its permit says so. They know where the stretch ends and do not ask
 * beyond it. They decide nothing and write nothing.
 */

type Assignment<Walk> = Omit<WalkAssignment, 'walk'> & { readonly walk: Walk };

/** A permit, once it may be used. */
const takePermit = ({ permits, gate }: Assignment<unknown>): Effect.Effect<number> =>
  Effect.tap(Queue.take(permits), () => gate.pass);

/** With nothing left the platform is not asked before its reset; by then the job has put this walk down. */
const heed = (quota: Quota | null): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (quota === null || quota.remaining > 0) return;
    yield* Effect.sleep(Math.max(0, quota.resetAt - (yield* Clock.currentTimeMillis)));
  });

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

/** Of a list, one request after another: only the first of them has failed before. */
const isLastTry = ({ failures }: Assignment<unknown>, isFirst: boolean): boolean =>
  isFirst && failures >= MAX_FAILURES - 1;

const NOTHING_HELD = new NoAnchor({ message: 'No message of it is held from which its history could be read on.' });

/** What the platform surely finds a place by; a stub of the system will do, a reaction is no message of its own. */
const isWritten = ({ type }: Message): boolean => type !== 'reaction' && type !== 'system' && type !== 'unknown';

const oldestOf = ({ messages }: MessagePage): HeldMessage | null => {
  const oldest = messages.findLast(isWritten) ?? messages.findLast(({ type }) => type !== 'reaction');
  if (oldest === undefined) return null;
  const { externalId, senderId, isFromMe, timestamp } = oldest;
  return { externalId, senderId, isFromMe, at: timestamp };
};

/** `anchors` are the messages to go on from, best first; null: this platform needs none. */
export const walkMessages = (
  assignment: Assignment<MessageWalk>,
  anchors: Effect.Effect<readonly HeldMessage[]> | null,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { walk, connection, jobId, report, continuity, failures } = assignment;
    const { history } = connection;
    let before = walk.before;
    const known = anchors === null ? [] : yield* anchors;
    let from = known[failures % Math.max(1, known.length)] ?? null;
    for (;;) {
      const granted = yield* takePermit(assignment);
      const usedAt = yield* Clock.currentTimeMillis;
      const live = continuity();
      const limit = Math.min(granted, history.pageSize);
      if (anchors !== null && from === null) {
        return reportFailure(assignment, walk.run, NOTHING_HELD, false, usedAt);
      }
      const place = from === null ? {} : { from };
      const answer = yield* Effect.result(history.read({ externalId: walk.externalId, before, limit, ...place }));
      if (answer._tag === 'Failure') {
        const { failure } = answer;
        const stopsInstance = failure._tag === 'RateLimited' && failure.scope === 'instance';
        return reportFailure(assignment, walk.run, failure, stopsInstance, usedAt);
      }
      const page = answer.success;
      report({ type: 'pageFetched', jobId, run: walk.run, page, continuity: live, usedAt });
      if (endOf(walk, page) !== null) return;
      before = page.oldest;
      if (anchors !== null) from = oldestOf(page) ?? from;
      yield* heed(page.quota);
    }
  });

/** `bookmarks` is what earlier listings remembered. */
export const walkListing = (
  assignment: Assignment<ListingWalk>,
  bookmarks: Effect.Effect<ReadonlyMap<string, string>>,
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { walk, connection, jobId, report, only } = assignment;
    const known = yield* bookmarks;
    let cursor: unknown = walk.cursor;
    for (let isFirst = true; ; isFirst = false) {
      yield* takePermit(assignment);
      const usedAt = yield* Clock.currentTimeMillis;
      const lastTry = isLastTry(assignment, isFirst);
      const answer = yield* Effect.result(connection.directory.read({ cursor, bookmarks: known, only, lastTry }));
      // What lists conversations belongs to none of them: a limit on it holds for the whole instance.
      if (answer._tag === 'Failure') return reportFailure(assignment, walk.run, answer.failure, true, usedAt);
      const page = answer.success;
      report({ type: 'listingFetched', jobId, run: walk.run, page, usedAt });
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
      yield* heed(page.quota);
    }
  });

/** `withMembers`: whether this survey has to bring the members of groups, or another one of the job does. */
export const walkSurvey = (assignment: Assignment<SurveyWalk>, withMembers: boolean): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { walk, connection, jobId, report } = assignment;
    const survey = connection[walk.of];
    let cursor: unknown = walk.cursor;
    for (let isFirst = true; ; isFirst = false) {
      yield* takePermit(assignment);
      const usedAt = yield* Clock.currentTimeMillis;
      const lastTry = isLastTry(assignment, isFirst);
      const answer = yield* Effect.result(survey.read({ cursor, withMembers, lastTry }));
      if (answer._tag === 'Failure') return reportFailure(assignment, walk.run, answer.failure, true, usedAt);
      const page = answer.success;
      report({ type: 'surveyFetched', jobId, run: walk.run, page, usedAt });
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
      yield* heed(page.quota);
    }
  });
