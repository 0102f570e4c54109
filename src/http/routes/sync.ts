import { randomUUID } from 'node:crypto';
import { Effect, Schema } from 'effect';
import { ChannelName } from '../../domain/channel-name.ts';
import { Refused } from '../../domain/errors.ts';
import { CommandId, InstanceId, JobId } from '../../domain/ids.ts';
import { configViewOf, isActive, JobConfigView, JobStatus, JobType, JobView } from '../../domain/job.ts';
import { configOf, SyncRequest } from '../../sync/sync-request.ts';
import { refuse } from '../decode-input.ts';
import { route } from '../route.ts';
import { accepted, events, many, one } from '../shape.ts';
import { END_ID, jobEvents, type ResumePoint } from '../streams/job-events.ts';
import { Receipt, receiptOf } from './connection.ts';
import { given, ofInstance, ofJob, pageFields, pageOf } from './fields.ts';

const Started = Schema.Struct({
  jobId: JobId,
  instanceId: InstanceId,
  type: JobType,
  status: Schema.Literal('pending'),
  config: JobConfigView,
  commandId: CommandId,
});

const jobFilter = { status: Schema.optionalKey(JobStatus), type: Schema.optionalKey(JobType) };

type Verb = 'cancel' | 'pause' | 'resume';

const jobOver = (verb: Verb, jobId: JobId, status: JobStatus): Refused =>
  new Refused({
    status: 409,
    code: 'job_over',
    message: `There is nothing to ${verb}: the sync is ${status}.`,
    details: { jobId, status },
  });

/** Of a job that is not over, what it is already is no error: asked for twice, it is so once. */
const order = (verb: Verb, summary: string) =>
  route({
    method: 'POST',
    path: `/instances/:instanceId/sync/:jobId/${verb}`,
    summary,
    params: ofJob,
    answer: accepted(Receipt),
    handle: ({ params: { instanceId, jobId } }, deps) =>
      Effect.gen(function* () {
        const { status } = yield* deps.catalogue.job(instanceId, jobId);
        if (!isActive(status)) return yield* jobOver(verb, jobId, status);
        return receiptOf(yield* deps.bus.submit(instanceId, { type: `${verb}Sync`, jobId }));
      }),
  });

const resumePointOf = (field: string, text: string | null): Effect.Effect<ResumePoint, ReturnType<typeof refuse>> => {
  if (text === null || text === END_ID) return Effect.succeed(text);
  if (/^\d{1,15}$/.test(text)) return Effect.succeed(Number(text));
  return Effect.fail(refuse([{ field, message: 'must be the id of an event of this stream' }]));
};

export const syncRoutes = [
  route({
    method: 'POST',
    path: '/instances/:instanceId/sync',
    summary: 'Starts a sync job and answers at once with its id.',
    params: ofInstance,
    body: SyncRequest,
    answer: accepted(Started),
    handle: ({ params: { instanceId }, body }, deps) =>
      Effect.gen(function* () {
        const settings = yield* deps.settings.of(instanceId);
        const config = yield* Effect.fromResult(configOf(body, settings['sync.defaultDepth'], deps.clock()));
        const jobId = JobId.make(randomUUID());
        const { commandId } = yield* deps.bus.submit(instanceId, { type: 'startSync', jobId, config });
        const { type } = config;
        return { jobId, instanceId, type, status: 'pending' as const, config: configViewOf(config), commandId };
      }),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/sync',
    summary: 'Lists the sync jobs of an account, newest first.',
    params: ofInstance,
    query: Schema.Struct({ ...pageFields, ...jobFilter }),
    answer: many(JobView),
    handle: ({ params: { instanceId }, query }, deps) =>
      Effect.gen(function* () {
        yield* deps.catalogue.instance(instanceId);
        return yield* deps.catalogue.jobs(
          { instanceId, ...given('status', query.status), ...given('type', query.type) },
          pageOf(query),
        );
      }),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/sync/:jobId',
    summary: 'Shows a sync job: status, progress, and what it waits for.',
    params: ofJob,
    answer: one(JobView),
    handle: ({ params: { instanceId, jobId } }, deps) => deps.catalogue.job(instanceId, jobId),
  }),
  route({
    method: 'GET',
    path: '/instances/:instanceId/sync/:jobId/events',
    summary:
      'Streams the events of a sync job until it ends: its state, what happened so far, and what happens. Resumes after Last-Event-ID.',
    params: ofJob,
    query: Schema.Struct({
      lastEventId: Schema.optionalKey(
        Schema.String.annotate({ description: 'Like the header Last-Event-ID, which wins over it.' }),
      ),
    }),
    answer: events('Events `sync.state`, `sync.started`, `sync.progress` and so on; data is JSON.', true),
    handle: ({ params: { instanceId, jobId }, query, lastEventId }, deps) =>
      Effect.gen(function* () {
        const field = lastEventId === null ? 'lastEventId' : 'Last-Event-ID';
        const resume = yield* resumePointOf(field, lastEventId ?? query.lastEventId ?? null);
        return yield* jobEvents(deps, instanceId, jobId, resume);
      }),
  }),
  order('cancel', 'Cancels a sync job within one page. What is stored stays.'),
  order('pause', 'Pauses a sync job within one page.'),
  order('resume', 'Resumes a paused sync job where it stopped.'),
  route({
    method: 'GET',
    path: '/sync',
    summary: 'Lists the sync jobs of all accounts, newest first.',
    query: Schema.Struct({ ...pageFields, ...jobFilter, channel: Schema.optionalKey(ChannelName) }),
    answer: many(JobView),
    handle: ({ query }, deps) =>
      deps.catalogue.jobs(
        { ...given('status', query.status), ...given('type', query.type), ...given('channel', query.channel) },
        pageOf(query),
      ),
  }),
];
