import { Schema } from 'effect';
import { ChannelName } from './channel-name.ts';
import { InstanceId, JobId } from './ids.ts';

export const WorldEventName = Schema.Literals([
  'sync.started',
  'sync.progress',
  'sync.completed',
  'sync.failed',
  'sync.cancelled',
  'sync.paused',
  'sync.resumed',
  'instance.state',
]);
export type WorldEventName = typeof WorldEventName.Type;

/** What machines say to the world: past tense, published at least once through the outbox. */
export const WorldEvent = Schema.Struct({
  name: WorldEventName,
  jobId: Schema.NullOr(JobId),
  data: Schema.Record(Schema.String, Schema.Unknown),
});
export type WorldEvent = typeof WorldEvent.Type;

/** A committed event on its way out. `id` rises per database and resumes a live stream (Last-Event-ID). */
export const OutboxEvent = Schema.Struct({
  id: Schema.Number,
  instanceId: InstanceId,
  channel: ChannelName,
  /** Milliseconds. */
  at: Schema.Number,
  event: WorldEvent,
});
export type OutboxEvent = typeof OutboxEvent.Type;

/** The subject under which an event is published: `sync.<event>.<channel>.<instanceId>`. */
export const subjectOf = (event: OutboxEvent): string => `${event.event.name}.${event.channel}.${event.instanceId}`;
