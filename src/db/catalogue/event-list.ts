import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { EventView } from '../../domain/event-view.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { PageOf, PageRequest } from '../../domain/page.ts';
import type { Sql } from '../connection/sql.ts';
import { ConversationEntity } from '../entities/conversation-entity.ts';
import { EventEntity } from '../entities/event-entity.ts';
import { InstanceEntity } from '../entities/instance-entity.ts';
import { beyond } from '../values/beyond.ts';
import { toInstant } from '../values/instants.ts';
import { pageOf } from '../values/keyset-cursor.ts';
import type { Row } from '../values/row.ts';
import { cursorAt, type EventFilter, type EventKey, type EventRow, eventPage, select } from './event-rows.ts';
import { given } from './given.ts';

const FIELDS = [
  'id',
  'instanceId',
  'conversationId',
  'externalId',
  'senderId',
  'isFromMe',
  'type',
  'text',
  'payload',
  'source',
  'timestamp',
  'editedAt',
  'deletedAt',
] as const;

type StoredEvent = Row<typeof EventEntity, (typeof FIELDS)[number]>;

const eventOf = (row: StoredEvent, channel: ChannelName): EventView => ({
  id: String(row.id),
  instanceId: row.instanceId,
  channel,
  conversationId: row.conversationId,
  externalId: row.externalId,
  senderId: row.senderId ?? null,
  isFromMe: row.isFromMe,
  type: row.type,
  text: row.text ?? null,
  payload: row.payload ?? null,
  timestamp: row.timestamp.toISOString(),
  editedAt: row.editedAt?.toISOString() ?? null,
  deletedAt: row.deletedAt?.toISOString() ?? null,
  source: row.source,
});

const instantOrNone = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : toInstant(ms));

/** Plain rows: a page may have hundreds, and nobody changes them. */
const readRows = (
  em: SqlEntityManager,
  instanceId: InstanceId,
  { conversationId, since, until }: EventFilter,
  after: EventKey | null,
  limit: number,
): Promise<readonly StoredEvent[]> =>
  em
    .createQueryBuilder(EventEntity)
    .select(FIELDS)
    .where({ instanceId, ...given({ conversationId }) })
    .andWhere({ timestamp: given({ $gte: instantOrNone(since), $lte: instantOrNone(until) }) })
    .andWhere(beyond('timestamp, id', 'before', after))
    .orderBy({ timestamp: 'desc', id: 'desc' })
    .limit(limit)
    .execute<StoredEvent[]>();

const ownerIdOf = async (em: SqlEntityManager, filter: EventFilter): Promise<InstanceId | null> => {
  if (filter.instanceId !== undefined || filter.conversationId === undefined) return filter.instanceId ?? null;
  const held = await em.findOne(ConversationEntity, { id: filter.conversationId }, { fields: ['instanceId'] });
  return held?.instanceId ?? null;
};

/** The instance that a filter leads to, unless it is being removed. */
const ownerOf = async (em: SqlEntityManager, filter: EventFilter) => {
  const id = await ownerIdOf(em, filter);
  return id === null ? null : em.findOne(InstanceEntity, { id, removingAt: null }, { fields: ['channel'] });
};

/** Messages of one instance, or of one conversation, newest first. */
export const listEvents = async (
  em: SqlEntityManager,
  filter: EventFilter,
  after: EventKey | null,
  page: PageRequest,
): Promise<PageOf<EventView>> => {
  const owner = await ownerOf(em, filter);
  if (owner === null) return { items: [], cursor: null };
  const rows = await readRows(em, owner.id, filter, after, page.limit + 1);
  return pageOf(
    rows,
    page.limit,
    (row) => eventOf(row, owner.channel),
    ({ timestamp, id }) => cursorAt({ at: timestamp.getTime(), id: String(id) }),
  );
};

/**
 * Messages of all instances, newest first: each gives its own newest, from its index, and the newest of those are
 * taken.
 */
export const listAllEvents = async (
  sql: Sql,
  filter: EventFilter,
  after: EventKey | null,
  page: PageRequest,
): Promise<PageOf<EventView>> => {
  const { parameters, named, columns, owners, owned, conditions, newestFirst } = select(filter, after);
  const rows = await sql.rows<EventRow>(
    `${named}
     SELECT ${columns('owner')} FROM ${owners} CROSS JOIN LATERAL (
       SELECT * FROM omni_events AS held WHERE ${conditions} ${newestFirst} LIMIT $7) AS held
     WHERE ${owned} ${newestFirst} LIMIT $7`,
    [...parameters, page.limit + 1],
  );
  return eventPage(rows, page.limit);
};
