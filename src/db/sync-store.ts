import type { SyncStore } from '../sync/store.ts';
import { BookmarkEntity } from './entities/bookmark-entity.ts';
import type { EntityConnection } from './entity-connection.ts';
import { failureOf } from './query-failure.ts';

export const syncStore = (connection: EntityConnection): SyncStore => ({
  bookmarks: async (instanceId) => {
    try {
      const rows = await connection.entities((em) =>
        em.find(BookmarkEntity, { instanceId }, { disableIdentityMap: true }),
      );
      return new Map(rows.map(({ externalId, bookmark }) => [externalId, bookmark]));
    } catch (error) {
      throw failureOf(error) ?? error;
    }
  },
});
