import type { EventView } from '../../domain/event-view.ts';
import type { PageOf, PageRequest } from '../../domain/page.ts';
import type { Sql } from '../connection/sql.ts';
import { type EventFilter, type EventKey, type EventRow, eventPage, select } from './event-rows.ts';
import { searchPattern } from './search-pattern.ts';

/** More matches than this in all, and a term is common enough for a scan to meet it soon. */
const RARE = 2_000;

/** All matches of a rare term, from the index; nothing is shown when there are too many, whichever those would be. */
const rareStatement = ({
  named,
  columns,
  owners,
  owned,
  conditions,
  newestFirst,
}: ReturnType<typeof select>): string => `
  ${named}, found AS MATERIALIZED (
    SELECT * FROM omni_events WHERE text ILIKE $8 LIMIT ${RARE + 1}
  ), few AS (SELECT count(*) <= ${RARE} AS few FROM found
  ), shown AS (
    SELECT ${columns('owner')} FROM found AS held JOIN ${owners} ON ${conditions}
    WHERE ${owned} AND (SELECT few FROM few) ${newestFirst} LIMIT $7
  )
  SELECT (SELECT few FROM few) AS few, (SELECT json_agg(row_to_json(shown)) FROM shown) AS hits`;

/** Each trigram has three characters: a shorter term matches too many of them. */
export const canUseIndex = (search: string): boolean => [...search].length >= 3;

/** Finds a rare term through the trigram index, in the caller's transaction. Null when the term is not rare. */
export const findByIndex = async (
  sql: Sql,
  filter: EventFilter,
  after: EventKey | null,
  page: PageRequest,
): Promise<PageOf<EventView> | null> => {
  // Unsure how rare a term is, the planner likes to read the whole table.
  await sql.run('SET LOCAL enable_seqscan = off');
  const selected = select(filter, after);
  const [found] = await sql.rows<{ few: boolean; hits: readonly EventRow[] | null }>(rareStatement(selected), [
    ...selected.parameters,
    page.limit + 1,
    searchPattern(filter.search ?? ''),
  ]);
  return found?.few === true ? eventPage(found.hits ?? [], page.limit) : null;
};
