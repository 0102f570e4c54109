import type { PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { msOf } from '../values/instants.ts';

/** Of a row of `persons AS one`: somebody made it or gave it a name or a phone, so it is no mere shadow of accounts. */
export const IS_BY_HAND = `(one.made_by = 'api' OR one.name IS NOT NULL OR (one.phone_given AND one.phone IS NOT NULL))`;

export interface PersonRow {
  readonly id: PersonId;
  readonly mergedInto: PersonId | null;
  /** ms */
  readonly createdAt: number;
  /** By the row's own word. */
  readonly phone: string | null;
  readonly isByHand: boolean;
  /** It has a phone, be it that of one who became it, or was said to have none: another one gets a signpost. */
  readonly isSettled: boolean;
}

const rowsFor = (lock: '' | 'FOR UPDATE'): string => `
  SELECT id, phone, merged_into AS "mergedInto", ${msOf('created_at')} AS "createdAt", ${IS_BY_HAND} AS "isByHand",
    phone IS NOT NULL OR phone_given AS "isSettled"
  FROM persons AS one WHERE id = ANY($1::uuid[]) ORDER BY id ${lock}`;

interface Former {
  readonly id: PersonId;
  readonly isByHand: boolean;
  readonly hasPhone: boolean;
}

const FORMER = `
  SELECT merged_into AS id, bool_or(${IS_BY_HAND}) AS "isByHand", bool_or(phone IS NOT NULL) AS "hasPhone"
  FROM persons AS one WHERE merged_into = ANY($1::uuid[]) GROUP BY merged_into`;

/** With what they have of those who became them. A statement of its own: it must see what was waited for. */
const withFormer = async (sql: Sql, rows: readonly PersonRow[]): Promise<readonly PersonRow[]> => {
  if (rows.length === 0) return rows;
  const former = new Map((await sql.rows<Former>(FORMER, [rows.map(({ id }) => id)])).map((row) => [row.id, row]));
  return rows.map((row) => {
    const own = former.get(row.id);
    if (own === undefined) return row;
    return { ...row, isByHand: row.isByHand || own.isByHand, isSettled: row.isSettled || own.hasPhone };
  });
};

/** A person that the caller's transaction holds already, as it is now. */
export const readHeld = async (sql: Sql, id: PersonId): Promise<PersonRow> => {
  const [row] = await withFormer(sql, await sql.rows<PersonRow>(rowsFor(''), [[id]]));
  if (row === undefined) throw new Error(`There is no person ${id}`);
  return row;
};

/**
 * Locks persons, and those whom they were merged into, in the order of their ids; nobody else links to them until the
 * commit.
 */
export const lockPersons = async (sql: Sql, ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, PersonRow>> => {
  const locked = new Map<PersonId, PersonRow>();
  let next = [...new Set(ids)].sort();
  while (next.length > 0) {
    const rows = await sql.rows<PersonRow>(rowsFor('FOR UPDATE'), [next]);
    for (const row of rows) locked.set(row.id, row);
    next = rows.flatMap(({ mergedInto }) => (mergedInto === null || locked.has(mergedInto) ? [] : mergedInto)).sort();
  }
  for (const row of await withFormer(sql, [...locked.values()])) locked.set(row.id, row);
  return locked;
};

/** The person that one became. Null: there is none. */
export const livingOf = (locked: ReadonlyMap<PersonId, PersonRow>, id: PersonId): PersonRow | null => {
  const row = locked.get(id);
  if (row === undefined) return null;
  return row.mergedInto === null ? row : livingOf(locked, row.mergedInto);
};
