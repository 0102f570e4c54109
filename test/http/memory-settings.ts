import { Effect } from 'effect';
import type { SettingChangeView, SettingSource } from '../../src/domain/setting-view.ts';
import { isOfInstance, SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from '../../src/domain/settings.ts';
import {
  inForce,
  type SettingChange,
  type SettingOwner,
  type SettingsStore,
} from '../../src/sync/settings/settings.ts';

/** Settings in memory. */
export const memorySettings = (now: number): SettingsStore => {
  const owners = new Map<SettingOwner, Map<SettingKey, unknown>>();
  const changes: SettingChange[] = [];
  const history: SettingChangeView[] = [];
  const setBy = (owner: SettingOwner) => owners.get(owner) ?? new Map<SettingKey, unknown>();
  const settingsOf = (owner: SettingOwner): Partial<Settings> => Object.fromEntries(setBy(owner));
  const change = (owner: SettingOwner, key: SettingKey, value: unknown): SettingChange => {
    const set = setBy(owner);
    owners.set(owner, set);
    const oldValue = set.has(key) ? { oldValue: set.get(key) } : {};
    const newValue = value === undefined ? {} : { newValue: value };
    history.unshift({
      key,
      instanceId: owner,
      ...oldValue,
      ...newValue,
      changedBy: 'api',
      changedAt: new Date(now).toISOString(),
    });
    if (value === undefined) set.delete(key);
    else set.set(key, value);
    const made = { id: changes.length + 1, owner, key, value };
    changes.push(made);
    return made;
  };
  const sourceOf = (owner: SettingOwner, key: SettingKey): SettingSource => {
    if (owner !== null && setBy(owner).has(key)) return 'instance';
    return setBy(null).has(key) ? 'global' : 'default';
  };
  return {
    all: Effect.sync(() => ({ service: settingsOf(null), instances: new Map(), upTo: changes.length })),
    changesSince: (id) => Effect.sync(() => changes.slice(id)),
    of: (owner) => Effect.sync(() => inForce(settingsOf(null), owner === null ? {} : settingsOf(owner))),
    views: (owner) =>
      Effect.sync(() => {
        const settings = inForce(settingsOf(null), owner === null ? {} : settingsOf(owner));
        return SETTING_KEYS.filter((key) => owner === null || isOfInstance(key, 'discord')).map((key) => ({
          key,
          value: settings[key],
          source: sourceOf(owner, key),
          default: SETTINGS[key].default,
          description: SETTINGS[key].describe,
          updatedAt: null,
        }));
      }),
    put: (owner, values) =>
      Effect.sync(() => SETTING_KEYS.filter((key) => key in values).map((key) => change(owner, key, values[key]))),
    reset: (owner, key) => Effect.sync(() => [change(owner, key, undefined)]),
    history: (owner, key) =>
      Effect.sync(() => ({
        items: history.filter((row) => row.key === key && row.instanceId === owner),
        cursor: null,
      })),
  };
};
