import type { Effect } from 'effect';
import type { Refused, StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { PageOf, PageRequest } from '../../domain/page.ts';
import type { SettingChangeView, SettingView } from '../../domain/setting-view.ts';
import { DEFAULT_SETTINGS, type SettingKey, type Settings } from '../../domain/settings.ts';

type Read<A> = Effect.Effect<A, StoreUnavailable>;
type Asked<A> = Effect.Effect<A, Refused | StoreUnavailable>;

/** Whose setting: the whole service's, or one instance's own. */
export type SettingOwner = InstanceId | null;

/** One change, as those who go by settings need it. Changes are numbered in the order in which they were committed. */
export interface SettingChange {
  readonly id: number;
  readonly owner: SettingOwner;
  readonly key: SettingKey;
  /** Undefined: it has no value of its own any more. */
  readonly value: unknown;
}

/** Everything that is set. */
export interface StoredSettings {
  readonly service: Partial<Settings>;
  readonly instances: ReadonlyMap<InstanceId, Partial<Settings>>;
  /** The last change that it holds for certain. */
  readonly upTo: number;
}

/**
 * Settings with their history. Values were validated against `SETTINGS` before they come here. Where an owner is an
 * instance that does not exist, it is refused with 404.
 */
export interface SettingsStore {
  readonly all: Read<StoredSettings>;
  /** Changes after this one, in order. */
  readonly changesSince: (id: number) => Read<readonly SettingChange[]>;
  /** What an instance, or one that has nothing of its own, goes by. */
  readonly of: (owner: SettingOwner) => Read<Settings>;
  readonly views: (owner: SettingOwner) => Asked<readonly SettingView[]>;
  /** Writes all or none. */
  readonly put: (owner: SettingOwner, values: Partial<Settings>, at: number) => Asked<readonly SettingChange[]>;
  readonly reset: (owner: SettingOwner, key: SettingKey, at: number) => Asked<readonly SettingChange[]>;
  /** Newest first. Of the service: its own changes only. */
  readonly history: (owner: SettingOwner, key: SettingKey, page: PageRequest) => Asked<PageOf<SettingChangeView>>;
}

/** What is in force, by what is set. */
export const inForce = (service: Partial<Settings>, own: Partial<Settings> = {}): Settings => ({
  ...DEFAULT_SETTINGS,
  ...service,
  ...own,
});
