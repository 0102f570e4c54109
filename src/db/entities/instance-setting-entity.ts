import { defineEntity, p } from '@mikro-orm/core';
import type { InstanceId } from '../../domain/ids.ts';
import { JsonValue } from './json-value.ts';

export const InstanceSettingEntity = defineEntity({
  name: 'InstanceSetting',
  tableName: 'instance_settings',
  properties: {
    instanceId: p.uuid().$type<InstanceId>().primary(),
    key: p.text().primary(),
    value: p.type(JsonValue).$type<unknown>().nullable(),
    updatedAt: p.datetime(),
  },
});
