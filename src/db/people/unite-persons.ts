import type { PersonId } from '../../domain/ids.ts';
import type { LinkedBy } from '../../domain/person-view.ts';
import type { Sql } from '../connection/sql.ts';
import { msOf, toInstant } from '../values/instants.ts';

/** Two persons that are one. */
export interface Union {
  readonly one: PersonId;
  readonly other: PersonId;
  /** Who stays. Null: the one that somebody made or named by hand, or else has a phone, or else is older. */
  readonly into: PersonId | null;
  readonly by: LinkedBy;
  readonly why: string;
}

export interface PersonRow {
  readonly id: PersonId;
  readonly name: string | null;
  readonly phone: string | null;
  readonly madeBy: 'sync' | 'api';
  readonly mergedInto: PersonId | null;
  /** ms */
  readonly createdAt: number;
}

const LOCK = `
  SELECT id, name, phone, made_by AS "madeBy", merged_into AS "mergedInto", ${msOf('created_at')} AS "createdAt"
  FROM persons WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`;

/**
 * Locks persons, and those whom they were merged into, in the order of their ids; nobody else links to them until the
 * commit.
 */
export const lockPersons = async (sql: Sql, ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, PersonRow>> => {
  const locked = new Map<PersonId, PersonRow>();
  let next = [...new Set(ids)].sort();
  while (next.length > 0) {
    const rows = await sql.rows<PersonRow>(LOCK, [next]);
    for (const row of rows) locked.set(row.id, row);
    next = rows.flatMap(({ mergedInto }) => (mergedInto === null || locked.has(mergedInto) ? [] : mergedInto)).sort();
  }
  return locked;
};

/** The person that one became. Null: there is none. */
export const livingOf = (locked: ReadonlyMap<PersonId, PersonRow>, id: PersonId): PersonRow | null => {
  const row = locked.get(id);
  if (row === undefined) return null;
  return row.mergedInto === null ? row : livingOf(locked, row.mergedInto);
};

const isByHand = ({ madeBy, name }: PersonRow): boolean => madeBy === 'api' || name !== null;

/** The one that others are more likely to know. */
const better = (one: PersonRow, other: PersonRow): PersonRow => {
  if (isByHand(one) !== isByHand(other)) return isByHand(one) ? one : other;
  if ((one.phone === null) !== (other.phone === null)) return one.phone === null ? other : one;
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? one : other;
  return one.id < other.id ? one : other;
};

interface Merge {
  readonly from: PersonId;
  readonly into: PersonId;
  readonly by: LinkedBy;
  readonly why: string;
}

/**
 * What the survivor takes over of one that goes. Its own name and phone win; the phone of the other stays with its
 * signpost.
 */
const enriched = (survivor: PersonRow, gone: PersonRow): PersonRow => ({
  ...survivor,
  name: survivor.name ?? gone.name,
  phone: survivor.phone ?? gone.phone,
  madeBy: isByHand(gone) ? 'api' : survivor.madeBy,
});

const plan = (locked: ReadonlyMap<PersonId, PersonRow>, unions: readonly Union[]) => {
  const state = new Map(locked);
  const merges: Omit<Merge, 'into'>[] = [];
  for (const { one, other, into, by, why } of unions) {
    const [a, b] = [livingOf(state, one), livingOf(state, other)];
    if (a === null || b === null || a.id === b.id) continue;
    const wanted = into === null ? null : livingOf(state, into);
    const stays = wanted?.id === a.id || wanted?.id === b.id ? wanted : better(a, b);
    const goes = stays.id === a.id ? b : a;
    state.set(stays.id, enriched(stays, goes));
    state.set(goes.id, { ...goes, phone: stays.phone === null ? null : goes.phone, mergedInto: stays.id });
    merges.push({ from: goes.id, by, why });
  }
  const final = merges.map((merge): Merge => ({ ...merge, into: livingOf(state, merge.from)?.id ?? merge.from }));
  const changed = [...state.values()].filter(
    (row) => row.mergedInto === null && locked.get(row.id) !== row && final.some(({ into }) => into === row.id),
  );
  return { merges: final, changed, state };
};

const MOVE = `
  WITH gone AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS gone (from_id, into_id, linked_by, why)
  ), moved AS (
    UPDATE platform_identities AS held SET person_id = into_id FROM gone WHERE held.person_id = from_id
    RETURNING held.id, held.instance_id, from_id, into_id, linked_by, why
  )
  INSERT INTO identity_links (identity_id, instance_id, from_person_id, to_person_id, linked_by, why, at)
  SELECT id, instance_id, from_id, into_id, linked_by, why, $5::timestamptz FROM moved
  UNION ALL SELECT NULL, NULL, from_id, into_id, linked_by, why, $5::timestamptz FROM gone`;

// Earlier signposts are turned too, so that each leads to its goal at once.
const TURN = `
  UPDATE persons SET merged_into = into_id, merged_at = coalesce(merged_at, $3), updated_at = $3,
    phone = CASE WHEN persons.id = from_id AND gives_phone THEN NULL ELSE phone END
  FROM unnest($1::uuid[], $2::uuid[], $4::bool[]) AS gone (from_id, into_id, gives_phone)
  WHERE persons.id = from_id OR persons.merged_into = from_id`;

const ENRICH = `
  UPDATE persons SET name = survivor.name, phone = survivor.phone, made_by = survivor.made_by, updated_at = $5
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS survivor (id, name, phone, made_by)
  WHERE persons.id = survivor.id`;

/**
 * Makes one person of each two, and of chains of them. Everything of the one that goes moves to the one that stays; the
 * history says so, and a signpost remains. Returns how many persons went.
 */
export const unitePersons = async (sql: Sql, unions: readonly Union[], at: number): Promise<number> => {
  if (unions.length === 0) return 0;
  const locked = await lockPersons(
    sql,
    unions.flatMap(({ one, other }) => [one, other]),
  );
  const { merges, changed, state } = plan(locked, unions);
  if (merges.length === 0) return 0;
  const from = merges.map((merge) => merge.from);
  const into = merges.map((merge) => merge.into);
  await sql.run(MOVE, [from, into, merges.map(({ by }) => by), merges.map(({ why }) => why), toInstant(at)]);
  const givesPhone = from.map((id) => locked.get(id)?.phone !== null && state.get(id)?.phone === null);
  await sql.run(TURN, [from, into, toInstant(at), givesPhone]);
  // A statement of its own: the index over phones would find the phone with both of them.
  await sql.run(ENRICH, [
    changed.map(({ id }) => id),
    changed.map(({ name }) => name),
    changed.map(({ phone }) => phone),
    changed.map(({ madeBy }) => madeBy),
    toInstant(at),
  ]);
  return merges.length;
};
