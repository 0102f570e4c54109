import { defineEntity, p } from '@mikro-orm/core';
import type { InstanceId } from '../../domain/ids.ts';

export const BookmarkEntity = defineEntity({
  name: 'Bookmark',
  tableName: 'bookmarks',
  properties: {
    instanceId: p.uuid().$type<InstanceId>().primary(),
    externalId: p.string().primary(),
    bookmark: p.text(),
  },
});
