import type { Effect } from 'effect';
import type { ChannelName } from '../domain/channel-name.ts';
import type { ConversationView, CoverageView } from '../domain/conversation-view.ts';
import type { Refused, StoreUnavailable } from '../domain/errors.ts';
import type { EventView } from '../domain/event-view.ts';
import type { ConversationId, InstanceId, JobId } from '../domain/ids.ts';
import type { InstanceView, PushesView } from '../domain/instance.ts';
import type { JobStatus, JobType, JobView } from '../domain/job.ts';
import type { PageOf, PageRequest } from '../domain/page.ts';

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
   * Newest first. A search without the index looks through a bounded batch per request: `items` may then be
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
