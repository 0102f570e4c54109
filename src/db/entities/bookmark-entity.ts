import { defineEntity, p } from '@mikro-orm/core';

export const BookmarkEntity = defineEntity({
  name: 'Bookmark',
  tableName: 'bookmarks',
  properties: {
    instanceId: p.uuid().primary(),
    externalId: p.string().primary(),
    bookmark: p.text(),
  },
});
