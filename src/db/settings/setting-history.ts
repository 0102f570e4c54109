import type { InferEntity } from '@mikro-orm/core';
import { Schema } from 'effect';
import type { SettingChangeView } from '../../domain/setting-view.ts';
import type { SettingKey } from '../../domain/settings.ts';
import type { SettingsStore } from '../../sync/settings/settings.ts';
import { readInstance } from '../catalogue/instances.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { SettingChangeEntity } from '../entities/setting-change-entity.ts';
import { keysetCursor, pageOf } from '../values/keyset-cursor.ts';
import { isRefused } from '../values/refusals.ts';

const ChangeKey = keysetCursor(Schema.Struct({ id: Schema.Number }));

const viewOf =
  (key: SettingKey) =>
  (row: InferEntity<typeof SettingChangeEntity>): SettingChangeView => ({
    key,
    instanceId: row.instanceId ?? null,
    ...(row.hadValue ? { oldValue: row.oldValue } : {}),
    ...(row.hasValue ? { newValue: row.newValue } : {}),
    changedBy: row.changedBy,
    changedAt: row.changedAt.toISOString(),
  });

export const settingHistory =
  (connection: EntityConnection): SettingsStore['history'] =>
  (owner, key, { limit, cursor }) =>
    persevere(async () => {
      const before = ChangeKey.read(cursor);
      const rows = await connection.entities(async (em) => {
        if (owner !== null) await readInstance(em, owner);
        return em.find(
          SettingChangeEntity,
          { key, instanceId: owner, ...(before === null ? {} : { id: { $lt: before.id } }) },
          { orderBy: { id: 'desc' }, limit: limit + 1, disableIdentityMap: true },
        );
      });
      return pageOf(rows, limit, viewOf(key), ({ id }) => ChangeKey.write({ id }));
    }, isRefused);
