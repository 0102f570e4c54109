import type { Effect } from 'effect';
import type { Channel } from '../channels/channel.ts';
import type { Refused, StoreUnavailable } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { CommandBus } from '../runtime/messaging/command-bus.ts';
import type { EventFeed } from '../runtime/messaging/event-feed.ts';
import type { Inspector } from '../runtime/messaging/inspection.ts';
import type { CommandStore } from '../runtime/store/command-store.ts';
import type { OutboxStore } from '../runtime/store/outbox-store.ts';
import type { Catalogue } from '../sync/catalogue.ts';
import type { InstanceRegistry } from '../sync/instance-registry.ts';
import type { People } from '../sync/people/people.ts';
import type { Schedules } from '../sync/schedules/schedules.ts';
import type { SettingChange, SettingsStore } from '../sync/settings/settings.ts';

/** Whether this node can do its work, and what each thing it depends on says. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

/** Everything the API needs. Routes know these contracts and nothing behind them. */
export interface HttpDeps {
  readonly catalogue: Catalogue;
  readonly people: People;
  readonly registry: InstanceRegistry;
  readonly settings: SettingsStore;
  readonly schedules: Schedules;
  readonly commands: Pick<CommandStore, 'deadLetters' | 'discard'>;
  readonly bus: CommandBus;
  readonly inspector: Inspector;
  readonly feed: EventFeed;
  readonly outbox: Pick<OutboxStore, 'since'>;
  /** The channels that this build offers. */
  readonly channels: readonly Pick<Channel, 'name' | 'traits' | 'refuseCredentials'>[];
  /** Called once settings are committed, so that what runs takes them up. */
  readonly settingsChanged: (changes: readonly SettingChange[]) => Effect.Effect<void>;
  /** Stops the actors of an instance, then deletes it and everything that belongs to it. */
  readonly removeInstance: (id: InstanceId) => Effect.Effect<void, Refused | StoreUnavailable>;
  readonly readiness: Effect.Effect<Readiness>;
  readonly metrics: { readonly render: () => Promise<string> };
  readonly log: Log;
  /** ms */
  readonly clock: () => number;
}
