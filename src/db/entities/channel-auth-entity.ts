import { defineEntity, p } from '@mikro-orm/core';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { InstanceId } from '../../domain/ids.ts';

export const ChannelAuthEntity = defineEntity({
  name: 'ChannelAuth',
  tableName: 'channel_auth',
  properties: {
    instanceId: p.uuid().$type<InstanceId>().primary(),
    channel: p.string().$type<ChannelName>(),
    keyId: p.text(),
    sealed: p.text().hidden(),
    fingerprint: p.text().nullable().hidden(),
  },
});
