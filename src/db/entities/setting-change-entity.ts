import { defineEntity, p } from '@mikro-orm/core';

export const SettingChangeEntity = defineEntity({
  name: 'SettingChange',
  tableName: 'settings_history',
  properties: {
    id: p.bigint('number').primary(),
    key: p.text(),
    oldValue: p.json<unknown>().nullable(),
    newValue: p.json<unknown>().nullable(),
    changedBy: p.text(),
    changedAt: p.datetime(),
  },
});
