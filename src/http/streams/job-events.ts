import { Effect, Schema } from 'effect';
import type { OutboxEvent } from '../../domain/event.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import { toIso } from '../../domain/instant.ts';
import { isActive, type JobView, WaitingFor, waitingForViewOf } from '../../domain/job.ts';
import type { HttpDeps } from '../http-deps.ts';
import type { Failure } from '../problem.ts';
import type { Follower } from '../shape.ts';
import type { EventStream, StreamEvent } from './event-stream.ts';
import { follow, type Source } from './follow.ts';

/** The id of a state that ends a stream: whoever comes back with it has seen everything. */
export const END_ID = 'end';

const BATCH = 100;
const FINAL = new Set(['sync.completed', 'sync.failed', 'sync.cancelled']);

const isOver = ({ status }: JobView): boolean => !isActive(status);

/** Where a reader left off: an outbox id, `end`, or null for one that comes for the first time. */
export type ResumePoint = number | typeof END_ID | null;

/**
 * The live stream of one job. It begins with the job's state (`sync.state`) and its past, or after `resume`, and then
 * sends each event of the outbox in order, without gap or doubling: the feed only wakes it, the outbox is what it
 * reads.
 */
export const jobEvents = (
  deps: HttpDeps,
  instanceId: InstanceId,
  jobId: JobId,
  resume: ResumePoint,
): Effect.Effect<Follower, Failure> =>
  Effect.gen(function* () {
    const job = yield* deps.catalogue.job(instanceId, jobId);
    if (resume !== null && isOver(job)) {
      const missed = resume === END_ID ? [] : yield* deps.outbox.since(jobId, resume, 1);
      if (missed.length === 0) return null;
    }
    return (stream: EventStream) => void follow(stream, sourceOf(deps, instanceId, jobId, resume), deps.log);
  });

const sourceOf = (deps: HttpDeps, instanceId: InstanceId, jobId: JobId, resume: ResumePoint): Source => {
  let cursor = typeof resume === 'number' ? resume : 0;
  let begun = resume !== null;

  return {
    everyMs: 0,
    subscribe: (wake) => deps.feed.subscribe(({ event }) => (event.jobId === jobId ? wake() : undefined)),
    advance: async (stream) => {
      // Read before the events: what it does not show yet is among them, or will come over the feed.
      const job = await Effect.runPromise(deps.catalogue.job(instanceId, jobId));
      const missed = await Effect.runPromise(deps.outbox.since(jobId, cursor, BATCH));
      // The outbox need not hold the end any more: then the state is the end.
      const isEnd = missed.length === 0 && isOver(job);
      if (isEnd || !begun) stream.send({ ...(isEnd ? { id: END_ID } : {}), name: 'sync.state', data: job });
      begun = true;
      for (const event of missed) {
        stream.send(toStream(event));
        cursor = event.id;
        if (FINAL.has(event.event.name)) return 'over';
      }
      if (isEnd) return 'over';
      return missed.length === BATCH ? 'more' : 'idle';
    },
  };
};

const toStream = ({ id, at, instanceId, event }: OutboxEvent): StreamEvent => ({
  id: String(id),
  name: event.name,
  data: { ...shown(event.data), jobId: event.jobId, instanceId, at: toIso(at) },
});

const isWaitingFor = Schema.is(WaitingFor);

/** Instants as everywhere in the API; what other systems get of the same event has them in ms. */
const shown = ({ waitingFor, ...data }: OutboxEvent['event']['data']) => ({
  ...data,
  ...(waitingFor === undefined ? {} : { waitingFor: isWaitingFor(waitingFor) ? waitingForViewOf(waitingFor) : null }),
});
