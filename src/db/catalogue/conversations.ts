import { Schema } from 'effect';
import type { ConversationView, CoverageView } from '../../domain/conversation-view.ts';
import { Refused } from '../../domain/errors.ts';
import type { ConversationId, InstanceId } from '../../domain/ids.ts';
import type { Span } from '../../domain/span.ts';
import type { StopReason } from '../../domain/stop-reason.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import { msOf, toIso, toIsoOrNull } from '../instants.ts';
import { keysetCursor, pageOf } from '../keyset-cursor.ts';
import { persevere } from '../query-failure.ts';
import { isRefused } from '../refusals.ts';
import { readSpans } from '../span-store.ts';
import type { Connection, Sql } from '../sql.ts';
import { gapsBetween } from './gaps.ts';
import { readInstance } from './instances.ts';
import { searchPattern } from './search-pattern.ts';

interface ConversationRow extends Omit<ConversationView, 'createdAt' | 'newestMessageAt' | 'removedAt'> {
  readonly ordinal: number;
  readonly createdAt: number | null;
  readonly newestMessageAt: number | null;
  readonly removedAt: number | null;
}

interface CoverageRow extends Pick<CoverageView, 'conversationId' | 'externalId' | 'name' | 'unreadable'> {
  readonly ordinal: number;
  readonly stopReason: StopReason | null;
  readonly newestKnown: boolean;
  readonly newestAt: number | null;
  readonly newestId: string | null;
}

const OrdinalKey = keysetCursor(Schema.Struct({ ordinal: Schema.Number }));
const cursorAt = ({ ordinal }: { readonly ordinal: number }): string => OrdinalKey.write({ ordinal });

const viewOf = ({ ordinal: _, ...row }: ConversationRow): ConversationView => ({
  ...row,
  createdAt: toIsoOrNull(row.createdAt),
  newestMessageAt: toIsoOrNull(row.newestMessageAt),
  removedAt: toIsoOrNull(row.removedAt),
});

/** The newest message is the platform's word, or what is held where the platform does not tell or we know better. */
const LIST = `
  SELECT id, ordinal::float8 AS ordinal, instance_id AS "instanceId", external_id AS "externalId",
    parent_external_id AS "parentExternalId", kind, name, unreadable, ${msOf('created_at')} AS "createdAt",
    ${msOf('removed_at')} AS "removedAt", ${msOf('greatest(newest_at, held.at)')} AS "newestMessageAt"
  FROM conversations LEFT JOIN LATERAL (
    SELECT timestamp AS at FROM omni_events WHERE conversation_id = conversations.id
    ORDER BY timestamp DESC, omni_events.id DESC LIMIT 1) AS held ON true
  WHERE instance_id = $1 AND conversations.ordinal > $2 AND ($3::text IS NULL OR name ILIKE $3 OR external_id = $4)
  ORDER BY conversations.ordinal LIMIT $5`;

const COVERAGE = `
  SELECT id AS "conversationId", ordinal::float8 AS ordinal, external_id AS "externalId", name, unreadable,
    stop_reason AS "stopReason", newest_known AS "newestKnown", ${msOf('newest_at')} AS "newestAt",
    newest_external_id AS "newestId"
  FROM conversations
  WHERE instance_id = $1 AND conversations.ordinal > $2 AND ($3::uuid IS NULL OR id = $3)
    AND holds_messages AND removed_at IS NULL
  ORDER BY conversations.ordinal LIMIT $4`;

const coverageOf = (row: CoverageRow, spans: readonly Span[]): CoverageView => ({
  conversationId: row.conversationId,
  externalId: row.externalId,
  name: row.name,
  spans: spans.map((span) => ({
    from: toIso(span.oldest.at),
    to: toIso(span.newest.at),
    oldestExternalId: span.oldest.id,
    newestExternalId: span.newest.id,
    reachesStart: span.reachesStart,
    live: span.continuity !== null,
  })),
  gaps: gapsBetween(
    spans,
    row.newestKnown ? (row.newestAt === null ? null : { at: row.newestAt, id: row.newestId }) : undefined,
  ),
  stopReason: row.stopReason,
  unreadable: row.unreadable,
});

const refuseForeign = async (sql: Sql, instanceId: InstanceId, conversationId: ConversationId): Promise<void> => {
  const found = await sql.rows('SELECT 1 FROM conversations WHERE instance_id = $1 AND id = $2', [
    instanceId,
    conversationId,
  ]);
  if (found.length > 0) return;
  throw new Refused({
    status: 404,
    code: 'conversation_not_found',
    message: `Instance ${instanceId} has no conversation ${conversationId}`,
    details: { field: 'conversationId' },
  });
};

/** In the order in which they became known. */
export const conversationCatalogue = (connection: Connection): Pick<Catalogue, 'conversations' | 'coverage'> => ({
  conversations: (instanceId, { search }, page) =>
    persevere(async () => {
      const after = OrdinalKey.read(page.cursor)?.ordinal ?? 0;
      const rows = await connection.query(async (sql) => {
        await readInstance(sql, instanceId);
        const pattern = search === undefined ? null : searchPattern(search);
        return sql.rows<ConversationRow>(LIST, [instanceId, after, pattern, search ?? null, page.limit + 1]);
      });
      return pageOf(rows, page.limit, viewOf, cursorAt);
    }, isRefused),

  coverage: (instanceId, { conversationId }, page) =>
    persevere(async () => {
      const after = OrdinalKey.read(page.cursor)?.ordinal ?? 0;
      const { rows, spans } = await connection.query(async (sql) => {
        await readInstance(sql, instanceId);
        if (conversationId !== undefined) await refuseForeign(sql, instanceId, conversationId);
        const found = await sql.rows<CoverageRow>(COVERAGE, [
          instanceId,
          after,
          conversationId ?? null,
          page.limit + 1,
        ]);
        return {
          rows: found,
          spans: await readSpans(
            sql,
            found.map((row) => row.conversationId),
          ),
        };
      });
      return pageOf(rows, page.limit, (row) => coverageOf(row, spans.get(row.conversationId) ?? []), cursorAt);
    }, isRefused),
});
