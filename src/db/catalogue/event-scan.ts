import type { EventView } from '../../domain/event-view.ts';
import type { PageOf, PageRequest } from '../../domain/page.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { InstanceEntity } from '../entities/instance-entity.ts';
import { msOf } from '../values/instants.ts';
import { cursorAt, type EventFilter, type EventKey, type EventRow, eventPage, select } from './event-rows.ts';
import { searchPattern } from './search-pattern.ts';

/**
 * Reads a bounded batch (at most $9 rows of each instance) and shows what matches in it. The batch ends where
 * the first instance ran into its bound: below that, not everything was seen.
 */
const batchStatement = ({
  named,
  columns,
  owners,
  owned,
  conditions,
  newestFirst,
}: ReturnType<typeof select>): string => `
  ${named}, batch AS MATERIALIZED (
    SELECT held.*, owner.channel FROM ${owners} CROSS JOIN LATERAL (
      SELECT timestamp, id, conversation_id, external_id, held.instance_id, text ILIKE $8 AS hit,
        row_number() OVER (${newestFirst}) AS place
      FROM omni_events AS held WHERE ${conditions} ${newestFirst} LIMIT $9) AS held
    WHERE ${owned}
  ), bound AS (
    SELECT timestamp, id FROM batch WHERE place = $9 ORDER BY timestamp DESC, id DESC LIMIT 1
  ), hits AS (
    SELECT batch.* FROM batch WHERE hit
      AND NOT EXISTS (SELECT 1 FROM bound WHERE (batch.timestamp, batch.id) < (bound.timestamp, bound.id))
    ORDER BY timestamp DESC, id DESC LIMIT $7
  ), shown AS (
    SELECT ${columns('hits')} FROM hits
    JOIN omni_events AS held ON held.conversation_id = hits.conversation_id AND held.external_id = hits.external_id
  )
  SELECT (SELECT json_agg(row_to_json(shown) ORDER BY at DESC, shown.id::bigint DESC) FROM shown) AS hits,
    (SELECT json_build_object('at', ${msOf('timestamp')}, 'id', id::text) FROM bound) AS bound`;

interface Batch {
  readonly hits: readonly EventRow[] | null;
  /** Where it ended; null: nothing lies below it. */
  readonly bound: EventKey | null;
}

/**
 * How many rows a search looks at in one statement, for which a step may have to wait: on the embedded database 4 ms
 * of work where texts are short, and 40 ms where each is as long as Discord allows.
 */
const BATCH = { pglite: 1_000, postgres: 10_000 } as const;

/** How long one request goes on looking through one batch after another, ms. */
const PATIENCE_MS = 50;

/** A batch is shared by the instances that are searched. */
const batchRows = async (connection: EntityConnection, filter: EventFilter): Promise<number> => {
  const rows = BATCH[connection.kind];
  if (filter.instanceId !== undefined) return rows;
  const instances = await connection.entities((em) => em.count(InstanceEntity));
  return Math.ceil(rows / Math.max(1, instances));
};

/**
 * Searches without an index: looks through the messages, newest first, until the page is full or its time is up; the
 * cursor then says where to go on. The time, not a number of rows, is what bounds it: how long a row takes depends on
 * the length of its text. Between two batches others have their turn.
 */
export const scanEvents = async (
  connection: EntityConnection,
  filter: EventFilter,
  after: EventKey | null,
  page: PageRequest,
): Promise<PageOf<EventView>> => {
  const startedAt = performance.now();
  const pattern = searchPattern(filter.search ?? '');
  const rows = await batchRows(connection, filter);
  const found: EventRow[] = [];
  let place = after;
  do {
    const selected = select(filter, place);
    const parameters = [...selected.parameters, page.limit + 1 - found.length, pattern, rows];
    const [batch] = await connection.query((sql) => sql.rows<Batch>(batchStatement(selected), parameters));
    found.push(...(batch?.hits ?? []));
    place = batch?.bound ?? null;
  } while (place !== null && found.length <= page.limit && performance.now() - startedAt < PATIENCE_MS);
  const shown = eventPage(found, page.limit);
  return { ...shown, cursor: shown.cursor ?? (place === null ? null : cursorAt(place)) };
};
