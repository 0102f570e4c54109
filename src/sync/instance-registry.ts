import type { Effect } from 'effect';
import type { Credentials } from '../channels/channel.ts';
import type { ChannelName } from '../domain/channel-name.ts';
import type { Refused, StoreUnavailable } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { InstanceContents, InstanceView } from '../domain/instance.ts';

type Asked<A> = Effect.Effect<A, Refused | StoreUnavailable>;

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
