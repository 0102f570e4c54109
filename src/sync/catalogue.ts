import type { Effect } from 'effect';
import type { Credentials } from '../channels/channel.ts';
import type { ChannelName } from '../domain/channel-name.ts';
import type { ConversationView, CoverageView } from '../domain/conversation-view.ts';
import type { Refused, StoreUnavailable } from '../domain/errors.ts';
import type { EventView } from '../domain/event-view.ts';
import type { ConversationId, InstanceId, JobId } from '../domain/ids.ts';
import type { InstanceContents, InstanceView, PushesView } from '../domain/instance.ts';
import type { JobStatus, JobType, JobView } from '../domain/job.ts';
import type { Settings } from '../domain/settings.ts';

/** A request for one page of a list. The cursor is what the last page gave, opaque, stable under inserts. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}

export interface PageOf<A> {
  readonly items: readonly A[];
  /** Null when there is no more. */
  readonly cursor: string | null;
}

type Read<A> = Effect.Effect<A, StoreUnavailable>;
type Asked<A> = Effect.Effect<A, Refused | StoreUnavailable>;

/** What may be read of what is stored. Answers come from the database, never from a platform. */
export interface Catalogue {
  readonly instances: (filter: { readonly channel?: ChannelName }, page: PageRequest) => Asked<PageOf<InstanceView>>;
  readonly instance: (id: InstanceId) => Asked<InstanceView>;
  /** What the platform pushed and is not stored yet. */
  readonly pushes: (id: InstanceId) => Read<PushesView>;
  readonly jobs: (
    filter: {
      readonly instanceId?: InstanceId;
      readonly status?: JobStatus;
      readonly type?: JobType;
      readonly channel?: ChannelName;
    },
    page: PageRequest,
  ) => Asked<PageOf<JobView>>;
  readonly job: (instanceId: InstanceId, jobId: JobId) => Asked<JobView>;
  readonly conversations: (
    instanceId: InstanceId,
    filter: { readonly search?: string },
    page: PageRequest,
  ) => Asked<PageOf<ConversationView>>;
  readonly coverage: (
    instanceId: InstanceId,
    filter: { readonly conversationId?: ConversationId },
    page: PageRequest,
  ) => Asked<PageOf<CoverageView>>;
  /**
   * Newest first. A search without the index reads a bounded stretch per request: `items` may then be
   * short, or empty, while `cursor` says that there is more to look through.
   */
  readonly events: (
    filter: {
      readonly instanceId?: InstanceId;
      readonly conversationId?: ConversationId;
      /** ms, inclusive */
      readonly since?: number;
      readonly until?: number;
      readonly search?: string;
    },
    page: PageRequest,
  ) => Asked<PageOf<EventView>>;
}

/** Instances as the operator manages them. Credentials are encrypted before they touch the disk. */
export interface InstanceRegistry {
  /** Refuses with 409 an account (same channel and credentials) that another instance holds. */
  readonly create: (
    instance: { readonly name: string; readonly channel: ChannelName; readonly credentials: Credentials },
    at: number,
  ) => Asked<InstanceView>;
  readonly update: (
    id: InstanceId,
    change: { readonly name?: string; readonly credentials?: Credentials },
  ) => Asked<InstanceView>;
  /** What would go with the instance. */
  readonly contentsOf: (id: InstanceId) => Asked<InstanceContents>;
  readonly remove: (id: InstanceId) => Asked<void>;
  readonly credentials: (id: InstanceId) => Asked<Credentials>;
}

/** Deletes what retention no longer keeps, a bounded batch at a time; returns how many rows went. */
export interface Retention {
  readonly sweep: (settings: Settings, now: number) => Read<number>;
}
