import { isDeepStrictEqual } from 'node:util';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { SettingKey } from '../../domain/settings.ts';
import type { SettingChange, SettingOwner } from '../../sync/settings/settings.ts';
import { InstanceSettingEntity } from '../entities/instance-setting-entity.ts';
import { SettingChangeEntity } from '../entities/setting-change-entity.ts';
import { SettingEntity } from '../entities/setting-entity.ts';

/** What each of these keys is to hold from now on; undefined: nothing of the owner's. */
export type SettingChanges = ReadonlyMap<SettingKey, unknown>;

/** Reads and writes the values that one owner has set. */
const tableOf = (em: SqlEntityManager, owner: SettingOwner) =>
  owner === null
    ? {
        rows: (keys: readonly string[]) => em.find(SettingEntity, { key: { $in: keys } }),
        create: (row: { key: string; value: unknown; updatedAt: Date }) => void em.create(SettingEntity, row),
      }
    : {
        rows: (keys: readonly string[]) => em.find(InstanceSettingEntity, { instanceId: owner, key: { $in: keys } }),
        create: (row: { key: string; value: unknown; updatedAt: Date }) =>
          void em.create(InstanceSettingEntity, { instanceId: owner, ...row }),
      };

/** Writes what the changes change, and what each of them replaced; what is set so already is none. */
export const writeSettings = async (
  em: SqlEntityManager,
  owner: SettingOwner,
  changes: SettingChanges,
  at: Date,
): Promise<readonly SettingChange[]> => {
  const table = tableOf(em, owner);
  const rows = await table.rows([...changes.keys()]);
  const written = [...changes].flatMap(([key, value]) => {
    const row = rows.find((candidate) => candidate.key === key);
    if (isDeepStrictEqual(row?.value, value)) return [];
    const change = em.create(SettingChangeEntity, {
      instanceId: owner,
      key,
      oldValue: row?.value,
      newValue: value,
      changedAt: at,
    });
    if (value === undefined) {
      if (row !== undefined) em.remove(row);
    } else if (row === undefined) table.create({ key, value, updatedAt: at });
    else em.assign(row, { value, updatedAt: at });
    return [{ change, key, value }];
  });
  await em.flush();
  return written.map(({ change, key, value }) => ({ id: change.id, owner, key, value }));
};
