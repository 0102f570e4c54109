import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Option, Schema } from 'effect';
import type { InstanceId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from '../../domain/settings.ts';
import { InstanceSettingEntity } from '../entities/instance-setting-entity.ts';
import { SettingEntity } from '../entities/setting-entity.ts';

export interface SettingRow {
  readonly key: string;
  readonly value?: unknown;
  readonly updatedAt: Date;
}

export const isKey = (key: string): key is SettingKey => Object.hasOwn(SETTINGS, key);

export const isValid = (key: SettingKey, value: unknown): boolean =>
  Option.isSome(Schema.decodeUnknownOption(SETTINGS[key].schema as Schema.Codec<unknown, unknown>)(value));

export const AS_ROWS = { disableIdentityMap: true } as const;

export const serviceRows = (em: SqlEntityManager) => em.find(SettingEntity, { key: { $in: SETTING_KEYS } }, AS_ROWS);

export const ownRows = (em: SqlEntityManager, instanceId: InstanceId) =>
  em.find(InstanceSettingEntity, { instanceId, key: { $in: SETTING_KEYS } }, AS_ROWS);

/** Those settings that this build knows and can use. */
export const settingReader = (log: Log) => {
  const usable = <Row extends SettingRow>(rows: readonly Row[]): readonly (Row & { readonly key: SettingKey })[] =>
    rows.flatMap((row) => {
      const { key } = row;
      if (!isKey(key)) return [];
      if (isValid(key, row.value)) return [{ ...row, key }];
      log.warn({ key }, 'The stored value of a setting is not valid any more; what it would be without is used');
      return [];
    });
  const setBy = (rows: readonly SettingRow[]): Partial<Settings> =>
    Object.fromEntries(usable(rows).map(({ key, value }) => [key, value]));
  return { usable, setBy };
};
