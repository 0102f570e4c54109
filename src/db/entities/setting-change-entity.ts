import { defineEntity, p } from '@mikro-orm/core';
import { JsonValue } from './json-value.ts';

export const SettingChangeEntity = defineEntity({
  name: 'SettingChange',
  tableName: 'settings_history',
  properties: {
    id: p.bigint('number').primary(),
    key: p.text(),
    oldValue: p.type(JsonValue).$type<unknown>().nullable(),
    newValue: p.type(JsonValue).$type<unknown>().nullable(),
    changedBy: p.text().default('api'),
    changedAt: p.datetime(),
  },
});
