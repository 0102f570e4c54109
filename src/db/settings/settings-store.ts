import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Log } from '../../domain/log.ts';
import type { SettingSource, SettingView } from '../../domain/setting-view.ts';
import { isOfInstance, SETTING_KEYS, SETTINGS } from '../../domain/settings.ts';
import {
  inForce,
  type SettingChange,
  type SettingOwner,
  type SettingsStore,
  type StoredSettings,
} from '../../sync/settings/settings.ts';
import { readInstance } from '../catalogue/instances.ts';
import { lockUntilCommit } from '../connection/advisory-lock.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { InstanceSettingEntity } from '../entities/instance-setting-entity.ts';
import { SettingChangeEntity } from '../entities/setting-change-entity.ts';
import { isRefused } from '../values/refusals.ts';
import { settingHistory } from './setting-history.ts';
import { type SettingChanges, writeSettings } from './setting-writes.ts';
import { AS_ROWS, isKey, isValid, ownRows, type SettingRow, serviceRows, settingReader } from './stored-settings.ts';

const lastChange = async (em: SqlEntityManager): Promise<number> => {
  const [last] = await em.find(
    SettingChangeEntity,
    {},
    { fields: ['id'], orderBy: { id: 'desc' }, limit: 1, ...AS_ROWS },
  );
  return last?.id ?? 0;
};

export const settingsStore = (connection: EntityConnection, log: Log): SettingsStore => {
  const { usable, setBy } = settingReader(log);

  const all = async (em: SqlEntityManager): Promise<StoredSettings> => {
    // Read first: a change that commits meanwhile is then taken up once more, and none is missed.
    const upTo = await lastChange(em);
    const service = setBy(await serviceRows(em));
    const rows = await em.find(InstanceSettingEntity, { key: { $in: SETTING_KEYS } }, AS_ROWS);
    const instances = Map.groupBy(rows, ({ instanceId }) => instanceId);
    return { upTo, service, instances: new Map([...instances].map(([id, own]) => [id, setBy(own)])) };
  };

  const viewsOf = async (em: SqlEntityManager, owner: SettingOwner): Promise<readonly SettingView[]> => {
    const instance = owner === null ? null : await readInstance(em, owner);
    const layers: (readonly [SettingSource, readonly SettingRow[]])[] = [
      ['instance', owner === null ? [] : usable(await ownRows(em, owner))],
      ['global', usable(await serviceRows(em))],
    ];
    const keys = SETTING_KEYS.filter((key) => instance === null || isOfInstance(key, instance.channel));
    return keys.map((key) => {
      const [source, rows] = layers.find(([, candidates]) => candidates.some((row) => row.key === key)) ?? [
        'default',
        [],
      ];
      const row = rows.find((candidate) => candidate.key === key);
      return {
        key,
        value: row === undefined ? SETTINGS[key].default : row.value,
        source,
        default: SETTINGS[key].default,
        description: SETTINGS[key].describe,
        updatedAt: row?.updatedAt.toISOString() ?? null,
      };
    });
  };

  const changesSince = async (em: SqlEntityManager, id: number): Promise<readonly SettingChange[]> => {
    const rows = await em.find(SettingChangeEntity, { id: { $gt: id } }, { orderBy: { id: 'asc' }, ...AS_ROWS });
    return rows.flatMap(({ id, instanceId, key, hasValue, newValue }) => {
      if (!isKey(key)) return [];
      const value = hasValue && isValid(key, newValue) ? newValue : undefined;
      return [{ id, owner: instanceId ?? null, key, value }];
    });
  };

  const change = (owner: SettingOwner, changes: SettingChanges, at: number) =>
    persevere(
      () =>
        connection.changes(async (em) => {
          // Nobody else changes settings until the commit: history tells what was really replaced, and its numbers
          // rise in the order of the commits.
          await lockUntilCommit(em, 'settings');
          if (owner !== null) await readInstance(em, owner);
          return writeSettings(em, owner, changes, new Date(at));
        }),
      isRefused,
    );

  const read = <A>(body: (em: SqlEntityManager) => Promise<A>) => persevere(() => connection.entities(body));

  return {
    all: read(all),
    changesSince: (id) => read((em) => changesSince(em, id)),
    of: (owner) =>
      read(async (em) => inForce(setBy(await serviceRows(em)), owner === null ? {} : setBy(await ownRows(em, owner)))),
    views: (owner) => persevere(() => connection.entities((em) => viewsOf(em, owner)), isRefused),
    put: (owner, values, at) => {
      const keys = SETTING_KEYS.filter((key) => values[key] !== undefined);
      return change(owner, new Map(keys.map((key) => [key, values[key]])), at);
    },
    reset: (owner, key, at) => change(owner, new Map([[key, undefined]]), at),
    history: settingHistory(connection),
  };
};
