import type { InferEntity } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Anchor } from '../../domain/anchor.ts';
import type { CoverageView } from '../../domain/conversation-view.ts';
import { Refused } from '../../domain/errors.ts';
import type { ConversationId, InstanceId } from '../../domain/ids.ts';
import type { PageRequest } from '../../domain/page.ts';
import type { Span } from '../../domain/span.ts';
import type { StopReason } from '../../domain/stop-reason.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { ConversationEntity } from '../entities/conversation-entity.ts';
import { SpanEntity } from '../entities/span-entity.ts';
import { toIso } from '../values/instants.ts';
import { pageOf } from '../values/keyset-cursor.ts';
import { isRefused } from '../values/refusals.ts';
import type { Row } from '../values/row.ts';
import { OrdinalKey } from './conversations.ts';
import { gapsBetween } from './gaps.ts';
import { given } from './given.ts';
import { readInstance } from './instances.ts';

const FIELDS = [
  'id',
  'ordinal',
  'externalId',
  'name',
  'unreadable',
  'stopReason',
  'newestKnown',
  'newestAt',
  'newestExternalId',
] as const;

type CoverageRow = Row<typeof ConversationEntity, (typeof FIELDS)[number]>;

const spanOf = (row: InferEntity<typeof SpanEntity>): Span => ({
  newest: { at: row.newestAt.getTime(), id: row.newestExternalId ?? null },
  oldest: { at: row.oldestAt.getTime(), id: row.oldestExternalId ?? null },
  reachesStart: row.reachesStart,
  continuity: row.continuity ?? null,
});

/** What the platform named as the newest message. */
const newestOf = ({ newestKnown, newestAt, newestExternalId }: CoverageRow): Anchor | null | undefined => {
  if (!newestKnown) return undefined;
  return newestAt ? { at: newestAt.getTime(), id: newestExternalId ?? null } : null;
};

/** What the platform itself said ends it, even if no walk has been there yet. */
const stopReasonOf = (row: CoverageRow, spans: readonly Span[]): StopReason | null => {
  if (row.unreadable) return 'no_access';
  const isEmpty = spans.length === 0 && newestOf(row) === null;
  return row.stopReason ?? (isEmpty ? 'start_of_history' : null);
};

const viewOf = (row: CoverageRow, spans: readonly Span[]): CoverageView => ({
  conversationId: row.id,
  externalId: row.externalId,
  name: row.name ?? null,
  spans: spans.map((span) => ({
    from: toIso(span.oldest.at),
    to: toIso(span.newest.at),
    oldestExternalId: span.oldest.id,
    newestExternalId: span.newest.id,
    reachesStart: span.reachesStart,
    live: span.continuity !== null,
  })),
  gaps: gapsBetween(spans, newestOf(row)),
  stopReason: stopReasonOf(row, spans),
  unreadable: row.unreadable ?? null,
});

const refuseForeign = async (em: SqlEntityManager, instanceId: InstanceId, id: ConversationId): Promise<void> => {
  if ((await em.count(ConversationEntity, { id, instanceId })) > 0) return;
  throw new Refused({
    status: 404,
    code: 'conversation_not_found',
    message: `Instance ${instanceId} has no conversation ${id}`,
    details: { field: 'conversationId' },
  });
};

const readPage = (
  em: SqlEntityManager,
  instanceId: InstanceId,
  id: ConversationId | undefined,
  { limit, cursor }: PageRequest,
): Promise<readonly CoverageRow[]> =>
  em.find(
    ConversationEntity,
    {
      instanceId,
      ordinal: { $gt: OrdinalKey.read(cursor)?.ordinal ?? 0 },
      holdsMessages: true,
      removedAt: null,
      ...given({ id }),
    },
    { fields: FIELDS, orderBy: { ordinal: 'asc' }, limit: limit + 1, disableIdentityMap: true },
  );

/** Spans of many conversations in one query, newest first. */
const readSpans = async (em: SqlEntityManager, conversations: readonly CoverageRow[]) => {
  const rows = await em.find(
    SpanEntity,
    { conversationId: { $in: conversations.map(({ id }) => id) } },
    { orderBy: { conversationId: 'asc', position: 'asc' }, disableIdentityMap: true },
  );
  return Map.groupBy(rows, ({ conversationId }) => conversationId);
};

/** In the order in which the conversations became known. */
export const coverageCatalogue = (connection: EntityConnection): Pick<Catalogue, 'coverage'> => ({
  coverage: (instanceId, { conversationId }, page) =>
    persevere(async () => {
      const { rows, spans } = await connection.entities(async (em) => {
        await readInstance(em, instanceId);
        if (conversationId !== undefined) await refuseForeign(em, instanceId, conversationId);
        const found = await readPage(em, instanceId, conversationId, page);
        return { rows: found, spans: await readSpans(em, found) };
      });
      return pageOf(
        rows,
        page.limit,
        (row) => viewOf(row, (spans.get(row.id) ?? []).map(spanOf)),
        ({ ordinal }) => OrdinalKey.write({ ordinal }),
      );
    }, isRefused),
});
