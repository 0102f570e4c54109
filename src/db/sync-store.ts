import type { SyncStore } from '../sync/store.ts';
import { failureOf } from './query-failure.ts';
import type { Connection } from './sql.ts';

export const syncStore = (connection: Connection): SyncStore => ({
  bookmarks: async (instanceId) => {
    try {
      const rows = await connection.query((sql) =>
        sql.rows<{ externalId: string; bookmark: string }>(
          'SELECT external_id AS "externalId", bookmark FROM bookmarks WHERE instance_id = $1',
          [instanceId],
        ),
      );
      return new Map(rows.map(({ externalId, bookmark }) => [externalId, bookmark]));
    } catch (error) {
      throw failureOf(error) ?? error;
    }
  },
});
