import type { Anchor } from '../../domain/anchor.ts';
import type { ConversationId } from '../../domain/ids.ts';
import type { Span } from '../../domain/span.ts';
import type { SyncTransaction } from '../../sync/store.ts';
import type { Sql, StepSql } from '../connection/sql.ts';
import { cleanTextOrNull } from '../values/clean-text.ts';
import { msOf, toInstant } from '../values/instants.ts';

interface SpanRow {
  readonly conversationId: ConversationId;
  readonly newestAt: number;
  readonly newestId: string | null;
  readonly oldestAt: number;
  readonly oldestId: string | null;
  readonly reachesStart: boolean;
  readonly continuity: string | null;
}

const spanOf = (row: SpanRow): Span => ({
  newest: { at: row.newestAt, id: row.newestId },
  oldest: { at: row.oldestAt, id: row.oldestId },
  reachesStart: row.reachesStart,
  continuity: row.continuity,
});

/** Spans of these conversations, newest first. Conversations without one are left out. */
const readSpans = async (
  sql: Sql,
  conversationIds: readonly ConversationId[],
): Promise<ReadonlyMap<ConversationId, readonly Span[]>> => {
  const rows = await sql.rows<SpanRow>(
    `SELECT conversation_id AS "conversationId", ${msOf('newest_at')} AS "newestAt", newest_external_id AS "newestId",
       ${msOf('oldest_at')} AS "oldestAt", oldest_external_id AS "oldestId", reaches_start AS "reachesStart", continuity
     FROM spans WHERE conversation_id = ANY($1::uuid[]) ORDER BY conversation_id, position`,
    [conversationIds],
  );
  return new Map(
    [...Map.groupBy(rows, (row) => row.conversationId)].map(([id, ofConversation]) => [id, ofConversation.map(spanOf)]),
  );
};

const idOf = (anchor: Anchor): string | null => cleanTextOrNull(anchor.id);

type SpanWrites = Pick<SyncTransaction, 'spans' | 'spansOf' | 'replaceSpans'>;

export const spanStore = (sql: StepSql): SpanWrites => ({
  spans: async (conversationId) => (await readSpans(sql, [conversationId])).get(conversationId) ?? [],
  spansOf: (conversationIds) => readSpans(sql, conversationIds),

  // A page moves one bound of one span: its row is updated in place, and only surplus rows are deleted.
  replaceSpans: async (conversationId, spans) => {
    sql.send(
      `WITH surplus AS (DELETE FROM spans WHERE conversation_id = $1 AND position >= $2)
       INSERT INTO spans (conversation_id, position, newest_at, newest_external_id, oldest_at, oldest_external_id, reaches_start, continuity)
       SELECT $1, given.position - 1, newest_at, newest_id, oldest_at, oldest_id, reaches_start, continuity
       FROM unnest($3::timestamptz[], $4::text[], $5::timestamptz[], $6::text[], $7::bool[], $8::text[]) WITH ORDINALITY
         AS given (newest_at, newest_id, oldest_at, oldest_id, reaches_start, continuity, position)
       ON CONFLICT (conversation_id, position) DO UPDATE
       SET newest_at = excluded.newest_at, newest_external_id = excluded.newest_external_id,
           oldest_at = excluded.oldest_at, oldest_external_id = excluded.oldest_external_id,
           reaches_start = excluded.reaches_start, continuity = excluded.continuity`,
      [
        conversationId,
        spans.length,
        spans.map((span) => toInstant(span.newest.at)),
        spans.map((span) => idOf(span.newest)),
        spans.map((span) => toInstant(span.oldest.at)),
        spans.map((span) => idOf(span.oldest)),
        spans.map((span) => span.reachesStart),
        spans.map((span) => span.continuity),
      ],
    );
  },
});
