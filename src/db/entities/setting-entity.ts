import { defineEntity, p } from '@mikro-orm/core';
import { JsonValue } from './json-value.ts';

export const SettingEntity = defineEntity({
  name: 'Setting',
  tableName: 'settings',
  properties: {
    key: p.text().primary(),
    value: p.type(JsonValue).$type<unknown>().nullable(),
    updatedAt: p.datetime(),
  },
});
