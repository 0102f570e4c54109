import { defineEntity, p } from '@mikro-orm/core';
import type { InstanceId } from '../../domain/ids.ts';
import { JsonValue } from './json-value.ts';

export const SettingChangeEntity = defineEntity({
  name: 'SettingChange',
  tableName: 'settings_history',
  properties: {
    id: p.bigint('number').primary(),
    /** Null: of the whole service. */
    instanceId: p.uuid().$type<InstanceId>().nullable(),
    key: p.text(),
    oldValue: p.type(JsonValue).$type<unknown>().nullable(),
    newValue: p.type(JsonValue).$type<unknown>().nullable(),
    // A value may be null, which is not the same as none; read as JSON, the two look alike.
    hadValue: p.boolean().formula('old_value IS NOT NULL'),
    hasValue: p.boolean().formula('new_value IS NOT NULL'),
    changedBy: p.text().default('api'),
    changedAt: p.datetime(),
  },
});
