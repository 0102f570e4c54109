import type { InferEntity } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Option, Schema } from 'effect';
import type { Log } from '../domain/log.ts';
import { DEFAULT_SETTINGS, SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from '../domain/settings.ts';
import type { SettingsStore, SettingView } from '../sync/catalogue.ts';
import { lockUntilCommit } from './advisory-lock.ts';
import { SettingChangeEntity } from './entities/setting-change-entity.ts';
import { SettingEntity } from './entities/setting-entity.ts';
import type { EntityConnection } from './entity-connection.ts';
import { persevere } from './query-failure.ts';

type StoredSetting = Pick<InferEntity<typeof SettingEntity>, 'value' | 'updatedAt'>;

const isValid = (key: SettingKey, value: unknown): boolean =>
  Option.isSome(Schema.decodeUnknownOption(SETTINGS[key].schema as Schema.Codec<unknown, unknown>)(value));

/** What each of these keys is to hold from now on; undefined: its default. */
type Changes = ReadonlyMap<SettingKey, unknown>;

/** Writes all changes, and what each of them replaced. */
const write = async (em: SqlEntityManager, changes: Changes, at: Date): Promise<void> => {
  const rows = await em.find(SettingEntity, { key: { $in: [...changes.keys()] } });
  for (const [key, value] of changes) {
    const row = rows.find((candidate) => candidate.key === key);
    em.create(SettingChangeEntity, { key, oldValue: row?.value, newValue: value, changedAt: at });
    if (value === undefined) {
      if (row !== undefined) em.remove(row);
    } else if (row === undefined) em.create(SettingEntity, { key, value, updatedAt: at });
    else em.assign(row, { value, updatedAt: at });
  }
  await em.flush();
};

export const settingsStore = (connection: EntityConnection, log: Log): SettingsStore => {
  const stored = async (): Promise<ReadonlyMap<SettingKey, StoredSetting>> => {
    const rows = await connection.entities((em) =>
      em.find(SettingEntity, { key: { $in: SETTING_KEYS } }, { disableIdentityMap: true }),
    );
    const found = new Map<SettingKey, StoredSetting>();
    for (const key of SETTING_KEYS) {
      const row = rows.find((candidate) => candidate.key === key);
      if (row === undefined) continue;
      if (isValid(key, row.value)) found.set(key, row);
      else log.warn({ key }, 'The stored value of a setting is not valid any more; its default is used');
    }
    return found;
  };
  const settingsNow = async (): Promise<Settings> => {
    const values = [...(await stored())].map(([key, { value }]) => [key, value] as const);
    return { ...DEFAULT_SETTINGS, ...Object.fromEntries(values) };
  };
  const change = (changes: Changes, at: number) =>
    persevere(async () => {
      await connection.changes(async (em) => {
        // Nobody else changes settings until the commit, so history tells what was really replaced.
        await lockUntilCommit(em, 'settings');
        await write(em, changes, new Date(at));
      });
      return settingsNow();
    });

  return {
    all: persevere(settingsNow),
    views: persevere(async () => {
      const rows = await stored();
      return SETTING_KEYS.map((key): SettingView => {
        const row = rows.get(key);
        return {
          key,
          value: row === undefined ? SETTINGS[key].default : row.value,
          default: SETTINGS[key].default,
          description: SETTINGS[key].describe,
          updatedAt: row?.updatedAt.toISOString() ?? null,
        };
      });
    }),
    put: (values, at) => {
      const keys = SETTING_KEYS.filter((key) => values[key] !== undefined);
      return change(new Map(keys.map((key) => [key, values[key]])), at);
    },
    reset: (key, at) => change(new Map([[key, undefined]]), at),
  };
};
