import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { HeldMessage } from '../../channels/channel.ts';
import type { Anchor } from '../../domain/anchor.ts';
import type { ConversationId } from '../../domain/ids.ts';
import type { MessageType } from '../../domain/message.ts';
import type { SyncStore } from '../../sync/store.ts';
import type { EntityWork } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { BookmarkEntity } from '../entities/bookmark-entity.ts';
import { EventEntity } from '../entities/event-entity.ts';
import type { SealingKey } from '../secrets/sealing-key.ts';
import { beginPush } from './push-store.ts';

/**
 * The very message where there is one: of others that share its instant nobody knows whether they lie above it or, with
 * a gap between, below.
 */
const atOrAbove = (before: Anchor | null) => {
  if (before === null) return {};
  const at = new Date(before.at);
  if (before.id === null) return { timestamp: { $gte: at } };
  return { $or: [{ externalId: before.id }, { timestamp: { $gt: at } }] };
};

/** What nobody wrote is a place to go on from only where there is nothing else, and a reaction is no message at all. */
const UNWRITTEN: readonly MessageType[] = ['reaction', 'system', 'unknown'];

const findHeld = async (
  em: SqlEntityManager,
  conversationId: ConversationId,
  before: Anchor | null,
  limit: number,
  without: readonly MessageType[],
): Promise<readonly HeldMessage[]> => {
  const rows = await em.find(
    EventEntity,
    {
      conversationId,
      type: { $nin: [...without] },
      // What could not be read, and then turned out to be no message, is marked so.
      $not: { type: 'unknown', deletedAt: { $ne: null } },
      ...atOrAbove(before),
    },
    {
      fields: ['externalId', 'senderId', 'isFromMe', 'timestamp'],
      orderBy: before === null ? { timestamp: 'desc', id: 'desc' } : { timestamp: 'asc', id: 'asc' },
      limit,
      disableIdentityMap: true,
    },
  );
  return rows.map(({ externalId, senderId, isFromMe, timestamp }) => ({
    externalId,
    senderId: senderId ?? null,
    isFromMe,
    at: timestamp.getTime(),
  }));
};

/** Raw SQL: two partial indexes that are nearly always empty. */
const LEFTOVERS = `
  SELECT EXISTS (SELECT FROM conversations WHERE instance_id = $1 AND merging_into IS NOT NULL)
    OR EXISTS (SELECT FROM identity_aliases WHERE instance_id = $1 AND renaming_below IS NOT NULL) AS some`;

/** What the sync reads outside a step. */
export const syncStore = (connection: EntityWork, key: SealingKey): SyncStore => ({
  bookmarks: (instanceId) =>
    persevere(async () => {
      const rows = await connection.entities((em) =>
        em.find(BookmarkEntity, { instanceId }, { disableIdentityMap: true }),
      );
      return new Map(rows.map(({ externalId, bookmark }) => [externalId, bookmark]));
    }),

  heldFrom: (conversationId, before, limit) =>
    persevere(() =>
      connection.entities(async (em) => {
        const written = await findHeld(em, conversationId, before, limit, UNWRITTEN);
        return written.length > 0 ? written : findHeld(em, conversationId, before, limit, ['reaction']);
      }),
    ),

  hasLeftovers: (instanceId) =>
    persevere(async () => {
      const [row] = await connection.query((sql) => sql.rows<{ some: boolean }>(LEFTOVERS, [instanceId]));
      return row?.some === true;
    }),

  beginPush: beginPush(connection, key),
});
