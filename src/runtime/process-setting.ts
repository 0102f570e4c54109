import type { Effect, Semaphore } from 'effect';
import type { Limits } from '../../machines/rate-limit-context.ts';
import type { Channel, Credentials } from '../channels/channel.ts';
import type { SessionVault } from '../channels/session-vault.ts';
import type { ChannelName } from '../domain/channel-name.ts';
import type { Refused, StoreUnavailable } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Metrics } from '../domain/metrics.ts';
import type { Fence } from './fence.ts';
import type { Chance } from './step/step.ts';
import type { RuntimeStore } from './store/runtime-store.ts';
import type { StepTransaction } from './store/step-transaction.ts';
import type { WorkFactory } from './work.ts';

/** What all instances of a node share. */
export interface ProcessSetting<Tx extends StepTransaction> {
  readonly store: RuntimeStore<Tx>;
  readonly work: WorkFactory<Tx>;
  /** Null for a channel that this build cannot connect to. */
  readonly channelOf: (name: ChannelName) => Channel | null;
  readonly credentials: (id: InstanceId) => Effect.Effect<Credentials, Refused | StoreUnavailable>;
  readonly vault: (id: InstanceId, fence: Fence) => SessionVault;
  readonly limits: (id: InstanceId, name: ChannelName) => Limits;
  /** Held by an instance from its load to the first step that it takes, so that not all of them come at once. */
  readonly restores: Semaphore.Semaphore;
  /** Whether this node's lease may still be relied on. */
  readonly isTrusted: () => boolean;
  /** One at a time, on this node: commands that may be what killed it. */
  readonly suspects: Semaphore.Semaphore;
  readonly chance: Chance;
  readonly log: Log;
  readonly metrics: Metrics;
  /** There is something in the outbox. */
  readonly published: () => void;
}
