import type { ListedConversation } from '../../domain/conversation.ts';
import type { ConversationId } from '../../domain/ids.ts';
import type { Scope, StoredConversation, SyncTransaction } from '../../sync/store.ts';
import type { StepSql } from '../connection/sql.ts';
import { cleanNameOrNull, cleanText, cleanTextOrNull } from '../values/clean-text.ts';
import { msOf, toInstant, toInstantOrNull } from '../values/instants.ts';

interface ConversationRow extends Omit<StoredConversation, 'newest'> {
  readonly newestKnown: boolean;
  readonly newestAt: number | null;
  readonly newestId: string | null;
}

const COLUMNS = `id, ordinal::float8 AS ordinal, external_id AS "externalId", parent_external_id AS "parentExternalId",
  name, ${msOf('created_at')} AS "createdAt", unreadable, newest_known AS "newestKnown",
  ${msOf('newest_at')} AS "newestAt", newest_external_id AS "newestId"`;

const conversationOf = ({ newestKnown, newestAt, newestId, ...row }: ConversationRow): StoredConversation => ({
  ...row,
  newest: newestKnown ? (newestAt === null ? null : { at: newestAt, id: newestId }) : undefined,
});

/** The scope of a job as parameters $2 (the channel) and $3 (the conversations). */
const IN_SCOPE = `instance_id = $1 AND holds_messages AND removed_at IS NULL
  AND ($2::text IS NULL OR external_id = $2 OR parent_external_id = $2)
  AND ($3::uuid[] IS NULL OR id = ANY($3))`;

const scopeParameters = (scope: Scope): readonly [string | null, readonly ConversationId[] | null] => [
  scope.channelId,
  scope.conversationIds,
];

/** Sorted by external id, the last of each: every transaction takes its row locks in the same order. */
const asSet = (listed: readonly ListedConversation[]): readonly (readonly [string, ListedConversation])[] =>
  [...new Map(listed.map((one) => [cleanText(one.externalId), one]))].sort(([a], [b]) => (a < b ? -1 : 1));

const columnsOf = (set: ReturnType<typeof asSet>) => ({
  externalIds: set.map(([externalId]) => externalId),
  parentExternalIds: set.map(([, one]) => cleanTextOrNull(one.parentExternalId)),
  kinds: set.map(([, one]) => one.kind),
  names: set.map(([, one]) => cleanNameOrNull(one.name)),
  createdAts: set.map(([, one]) => toInstantOrNull(one.createdAt)),
  areUnreadable: set.map(([, one]) => cleanTextOrNull(one.unreadable)),
  holdMessages: set.map(([, one]) => one.holdsMessages),
  areNewestKnown: set.map(([, one]) => one.newest !== undefined),
  newestAts: set.map(([, one]) => toInstantOrNull(one.newest?.at ?? null)),
  newestExternalIds: set.map(([, one]) => cleanTextOrNull(one.newest?.id ?? null)),
});

const LISTED = `unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::bool[],
    $10::bool[], $11::timestamptz[], $12::text[])
  AS listed (external_id, parent_external_id, kind, name, created_at, unreadable, holds_messages,
    newest_known, newest_at, newest_external_id)`;

// One that is being merged into another is not to be read any more, whatever a listing says.
// A listing that tells no name or parent takes none away: a live WhatsApp message names neither.
const UPSERT = `
  INSERT INTO conversations AS held (
    instance_id, updated_at, external_id, parent_external_id, kind, name, created_at, unreadable, holds_messages,
    newest_known, newest_at, newest_external_id)
  SELECT $1, $2, external_id, parent_external_id, kind, name, created_at, unreadable, holds_messages,
    newest_known, newest_at, newest_external_id
  FROM ${LISTED}
  ON CONFLICT (instance_id, external_id) DO UPDATE
  SET parent_external_id = coalesce(excluded.parent_external_id, held.parent_external_id), kind = excluded.kind,
      name = coalesce(excluded.name, held.name),
      created_at = coalesce(excluded.created_at, held.created_at), unreadable = excluded.unreadable,
      holds_messages = excluded.holds_messages, updated_at = excluded.updated_at,
      removed_at = CASE WHEN held.merging_into IS NULL THEN NULL ELSE held.removed_at END,
      newest_known = held.newest_known OR excluded.newest_known,
      newest_at = CASE WHEN excluded.newest_known THEN excluded.newest_at ELSE held.newest_at END,
      newest_external_id = CASE WHEN excluded.newest_known THEN excluded.newest_external_id ELSE held.newest_external_id END
  WHERE (held.removed_at IS NOT NULL AND held.merging_into IS NULL)
    OR (held.parent_external_id, held.kind, held.name, held.unreadable, held.holds_messages)
      IS DISTINCT FROM (coalesce(excluded.parent_external_id, held.parent_external_id), excluded.kind,
        coalesce(excluded.name, held.name), excluded.unreadable, excluded.holds_messages)
    OR (excluded.created_at IS NOT NULL AND held.created_at IS DISTINCT FROM excluded.created_at)
    OR (excluded.newest_known AND (held.newest_known, held.newest_at, held.newest_external_id)
      IS DISTINCT FROM (true, excluded.newest_at, excluded.newest_external_id))`;

type ConversationWrites = Pick<
  SyncTransaction,
  | 'upsertConversations'
  | 'removeConversations'
  | 'saveBookmarks'
  | 'conversation'
  | 'conversationsAfter'
  | 'conversationsByOrdinal'
  | 'countConversations'
  | 'setStopReason'
  | 'setUnreadable'
>;

export const conversationStore = (sql: StepSql): ConversationWrites => ({
  upsertConversations: async (instanceId, listed, at) => {
    if (listed.length === 0) return 0;
    const set = columnsOf(asSet(listed));
    return sql.run(UPSERT, [
      instanceId,
      toInstant(at),
      set.externalIds,
      set.parentExternalIds,
      set.kinds,
      set.names,
      set.createdAts,
      set.areUnreadable,
      set.holdMessages,
      set.areNewestKnown,
      set.newestAts,
      set.newestExternalIds,
    ]);
  },

  removeConversations: async (instanceId, externalIds, at) => {
    const gone = [...new Set(externalIds.map(cleanText))].sort();
    sql.send(
      `UPDATE conversations SET removed_at = $3
       WHERE instance_id = $1 AND (external_id = ANY($2::text[]) OR parent_external_id = ANY($2::text[]))
         AND removed_at IS NULL`,
      [instanceId, gone, toInstant(at)],
    );
    // Should they come back, everything that belongs to them is listed anew.
    sql.send('DELETE FROM bookmarks WHERE instance_id = $1 AND external_id = ANY($2::text[])', [instanceId, gone]);
  },

  saveBookmarks: async (instanceId, bookmarks) => {
    if (bookmarks.size === 0) return;
    const sorted = [...bookmarks].sort(([a], [b]) => (a < b ? -1 : 1));
    sql.send(
      `INSERT INTO bookmarks (instance_id, external_id, bookmark)
       SELECT $1, external_id, bookmark FROM unnest($2::text[], $3::text[]) AS given (external_id, bookmark)
       ON CONFLICT (instance_id, external_id) DO UPDATE SET bookmark = excluded.bookmark`,
      [instanceId, sorted.map(([id]) => cleanText(id)), sorted.map(([, bookmark]) => cleanText(bookmark))],
    );
  },

  conversation: async (instanceId, externalId) => {
    const [row] = await sql.rows<ConversationRow>(
      `SELECT ${COLUMNS} FROM conversations WHERE instance_id = $1 AND external_id = $2`,
      [instanceId, cleanText(externalId)],
    );
    return row === undefined ? null : conversationOf(row);
  },

  conversationsAfter: async (instanceId, scope, ordinal, limit) => {
    const rows = await sql.rows<ConversationRow>(
      `SELECT ${COLUMNS} FROM conversations WHERE ${IN_SCOPE} AND ordinal > $4 ORDER BY conversations.ordinal LIMIT $5`,
      [instanceId, ...scopeParameters(scope), ordinal, limit],
    );
    return rows.map(conversationOf);
  },

  conversationsByOrdinal: async (instanceId, ordinals) => {
    const rows = await sql.rows<ConversationRow>(
      `SELECT ${COLUMNS} FROM conversations WHERE instance_id = $1 AND ordinal = ANY($2::bigint[]) ORDER BY conversations.ordinal`,
      [instanceId, ordinals],
    );
    return rows.map(conversationOf);
  },

  countConversations: async (instanceId, scope) => {
    const [row] = await sql.rows<{ count: number }>(
      `SELECT count(*)::float8 AS count FROM conversations WHERE ${IN_SCOPE}`,
      [instanceId, ...scopeParameters(scope)],
    );
    return row?.count ?? 0;
  },

  setStopReason: async (conversationId, reason, at) => {
    sql.send('UPDATE conversations SET stop_reason = $2, stopped_at = $3 WHERE id = $1', [
      conversationId,
      reason,
      toInstant(at),
    ]);
  },

  setUnreadable: async (conversationId, reason) => {
    sql.send('UPDATE conversations SET unreadable = $2 WHERE id = $1', [conversationId, cleanText(reason)]);
  },
});
