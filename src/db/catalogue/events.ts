import { Schema } from 'effect';
import type { EventView } from '../../domain/event-view.ts';
import type { Catalogue, PageOf, PageRequest } from '../../sync/catalogue.ts';
import { msOf, toInstant, toIso, toIsoOrNull } from '../instants.ts';
import { keysetCursor, pageOf } from '../keyset-cursor.ts';
import { persevere } from '../query-failure.ts';
import { isRefused } from '../refusals.ts';
import type { SearchIndex } from '../search-index.ts';
import type { Connection, Sql } from '../sql.ts';
import { readInstance } from './instances.ts';
import { searchPattern } from './search-pattern.ts';

type Filter = Parameters<Catalogue['events']>[0];

interface EventRow extends Omit<EventView, 'timestamp' | 'editedAt' | 'deletedAt'> {
  readonly at: number;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
}

const EventKey = keysetCursor(
  Schema.Struct({ at: Schema.Number, id: Schema.String.check(Schema.isPattern(/^\d{1,18}$/)) }),
);
type EventKey = { readonly at: number; readonly id: string };

const cursorAt = ({ at, id }: EventKey): string => EventKey.write({ at, id });

const viewOf = ({ at, ...row }: EventRow): EventView => ({
  ...row,
  timestamp: toIso(at),
  editedAt: toIsoOrNull(row.editedAt),
  deletedAt: toIsoOrNull(row.deletedAt),
});

const COLUMNS = `held.id::text AS id, held.instance_id AS "instanceId", owner.channel, held.conversation_id AS "conversationId",
  held.external_id AS "externalId", held.sender_id AS "senderId", held.is_from_me AS "isFromMe", held.type, held.text,
  held.payload, held.source, ${msOf('held.timestamp')} AS at, ${msOf('held.edited_at')} AS "editedAt",
  ${msOf('held.deleted_at')} AS "deletedAt"`;

const NEWEST_FIRST = 'ORDER BY held.timestamp DESC, held.id DESC';

/** The filter as parameters $1 to $6: instance, conversation, since, until, and the place of the cursor. */
const filterParameters = (filter: Filter, after: EventKey | null): readonly unknown[] => [
  filter.instanceId ?? null,
  filter.conversationId ?? null,
  filter.since === undefined ? null : toInstant(filter.since),
  filter.until === undefined ? null : toInstant(filter.until),
  after === null ? null : toInstant(after.at),
  after?.id ?? null,
];

/** Conditions are left out rather than switched off, so that each combination gets a plan, and an index, of its own. */
const conditions = (filter: Filter, after: EventKey | null): string =>
  [
    filter.conversationId === undefined
      ? 'held.instance_id = owner.id'
      : 'held.conversation_id = $2::uuid AND held.instance_id = owner.id',
    filter.since === undefined ? null : 'held.timestamp >= $3::timestamptz',
    filter.until === undefined ? null : 'held.timestamp <= $4::timestamptz',
    after === null ? null : '(held.timestamp, held.id) < ($5::timestamptz, $6::bigint)',
  ]
    .filter((condition) => condition !== null)
    .join(' AND ');

// Naming every parameter keeps their numbers the same whichever conditions are left out.
const NAMED = `WITH given AS (
  SELECT $1::uuid AS a, $2::uuid AS b, $3::timestamptz AS c, $4::timestamptz AS d, $5::timestamptz AS e, $6::bigint AS f)`;
const OWNERS = 'omni_instances AS owner';
const OWNED = 'owner.removing_at IS NULL AND ($1::uuid IS NULL OR owner.id = $1)';

/** Each instance gives its own newest, from its index, and the newest of those are taken. */
const listStatement = (filter: Filter, after: EventKey | null): string => `
  ${NAMED}
  SELECT ${COLUMNS} FROM ${OWNERS} CROSS JOIN LATERAL (
    SELECT * FROM omni_events AS held WHERE ${conditions(filter, after)} ${NEWEST_FIRST} LIMIT $7) AS held
  WHERE ${OWNED} ${NEWEST_FIRST} LIMIT $7`;

/**
 * Reads a bounded stretch (at most $9 rows of each instance) and shows what matches in it. The stretch ends where
 * the first instance ran into its bound: below that, not everything was seen.
 */
const scanStatement = (filter: Filter, after: EventKey | null): string => `
  ${NAMED}, stretch AS MATERIALIZED (
    SELECT held.*, owner.channel FROM ${OWNERS} CROSS JOIN LATERAL (
      SELECT timestamp, id, conversation_id, external_id, held.instance_id, text ILIKE $8 AS hit,
        row_number() OVER (${NEWEST_FIRST}) AS place
      FROM omni_events AS held WHERE ${conditions(filter, after)} ${NEWEST_FIRST} LIMIT $9) AS held
    WHERE ${OWNED}
  ), bound AS (
    SELECT timestamp, id FROM stretch WHERE place = $9 ORDER BY timestamp DESC, id DESC LIMIT 1
  ), hits AS (
    SELECT stretch.* FROM stretch WHERE hit
      AND NOT EXISTS (SELECT 1 FROM bound WHERE (stretch.timestamp, stretch.id) < (bound.timestamp, bound.id))
    ORDER BY timestamp DESC, id DESC LIMIT $7
  ), shown AS (
    SELECT ${COLUMNS.replaceAll('owner.', 'hits.')} FROM hits
    JOIN omni_events AS held ON held.conversation_id = hits.conversation_id AND held.external_id = hits.external_id
  )
  SELECT (SELECT json_agg(row_to_json(shown) ORDER BY at DESC, shown.id::bigint DESC) FROM shown) AS hits,
    (SELECT json_build_object('at', ${msOf('timestamp')}, 'id', id::text) FROM bound) AS bound`;

interface Scan {
  readonly hits: readonly EventRow[] | null;
  readonly bound: EventKey | null;
}

const scan = async (
  sql: Sql,
  filter: Filter,
  after: EventKey | null,
  page: PageRequest,
  stretch: number,
): Promise<PageOf<EventView>> => {
  const [found] = await sql.rows<Scan>(scanStatement(filter, after), [
    ...filterParameters(filter, after),
    page.limit + 1,
    searchPattern(filter.search ?? ''),
    stretch,
  ]);
  const shown = pageOf(found?.hits ?? [], page.limit, viewOf, cursorAt);
  if (shown.cursor !== null) return shown;
  const bound = found?.bound ?? null;
  return { ...shown, cursor: bound === null ? null : cursorAt(bound) };
};

const list = async (
  sql: Sql,
  filter: Filter,
  after: EventKey | null,
  page: PageRequest,
): Promise<PageOf<EventView>> => {
  const rows = await sql.rows<EventRow>(listStatement(filter, after), [
    ...filterParameters(filter, after),
    page.limit + 1,
  ]);
  return pageOf(rows, page.limit, viewOf, cursorAt);
};

/** More matches than this in all, and a term is common enough for a scan to meet it soon. */
const RARE = 2_000;

/** All matches of a rare term, from the index; nothing is shown when there are too many, whichever those would be. */
const rareStatement = (filter: Filter, after: EventKey | null): string => `
  ${NAMED}, found AS MATERIALIZED (
    SELECT * FROM omni_events WHERE text ILIKE $8 LIMIT ${RARE + 1}
  ), few AS (SELECT count(*) <= ${RARE} AS few FROM found
  ), shown AS (
    SELECT ${COLUMNS} FROM found AS held JOIN ${OWNERS} ON ${conditions(filter, after)}
    WHERE ${OWNED} AND (SELECT few FROM few) ${NEWEST_FIRST} LIMIT $7
  )
  SELECT (SELECT few FROM few) AS few, (SELECT json_agg(row_to_json(shown)) FROM shown) AS hits`;

/** Null when the term is not rare. */
const indexed = async (
  sql: Sql,
  filter: Filter,
  after: EventKey | null,
  page: PageRequest,
): Promise<PageOf<EventView> | null> => {
  // Unsure how rare a term is, the planner likes to read the whole table.
  await sql.run('SET LOCAL enable_seqscan = off');
  const [found] = await sql.rows<{ few: boolean; hits: readonly EventRow[] | null }>(rareStatement(filter, after), [
    ...filterParameters(filter, after),
    page.limit + 1,
    searchPattern(filter.search ?? ''),
  ]);
  return found?.few === true ? pageOf(found.hits ?? [], page.limit, viewOf, cursorAt) : null;
};

/** Each trigram has three characters: a shorter term matches too many of them. */
const canUseIndex = (search: string): boolean => [...search].length >= 3;

/** How many rows a search without the index looks at in one request: tens of milliseconds of work. */
const STRETCH = { pglite: 10_000, postgres: 100_000 } as const;

/** The stretch is shared by the instances that are searched. */
const stretchOf = async (sql: Sql, filter: Filter, rows: number): Promise<number> => {
  if (filter.instanceId !== undefined) return rows;
  const [instances] = await sql.rows<{ count: number }>('SELECT count(*)::float8 AS count FROM omni_instances');
  return Math.ceil(rows / Math.max(1, instances?.count ?? 1));
};

export const eventCatalogue = (connection: Connection, index: SearchIndex): Pick<Catalogue, 'events'> => {
  const find = async (filter: Filter, after: EventKey | null, page: PageRequest): Promise<PageOf<EventView>> => {
    const search = filter.search ?? '';
    if (search !== '' && index.isReady() && canUseIndex(search)) {
      const rare = await connection.transaction((sql) => indexed(sql, filter, after, page));
      if (rare !== null) return rare;
    }
    return connection.query(async (sql) => {
      if (search === '') return list(sql, filter, after, page);
      return scan(sql, filter, after, page, await stretchOf(sql, filter, STRETCH[connection.kind]));
    });
  };
  /** Nothing found may mean that there is no such instance: only then is it worth a look. */
  const refuseUnknown = async ({ instanceId }: Filter): Promise<void> => {
    if (instanceId !== undefined) await connection.query((sql) => readInstance(sql, instanceId));
  };
  return {
    events: (filter, page) =>
      persevere(async () => {
        const found = await find(filter, EventKey.read(page.cursor), page);
        if (found.items.length === 0) await refuseUnknown(filter);
        return found;
      }, isRefused),
  };
};
