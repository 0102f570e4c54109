import type { PersonId } from '../../domain/ids.ts';
import type { LinkedBy } from '../../domain/person-view.ts';
import type { Sql } from '../connection/sql.ts';
import { toInstant } from '../values/instants.ts';
import { livingOf, lockPersons, type PersonRow } from './person-locks.ts';

/** Two persons that are one. */
export interface Union {
  readonly one: PersonId;
  readonly other: PersonId;
  /** Who stays. Null: the one that somebody made or named by hand, or else has a phone, or else is older. */
  readonly into: PersonId | null;
  readonly by: LinkedBy;
  readonly why: string;
}

/** The one that others are more likely to know. */
const better = (one: PersonRow, other: PersonRow): PersonRow => {
  if (one.isByHand !== other.isByHand) return one.isByHand ? one : other;
  if (one.isSettled !== other.isSettled) return one.isSettled ? one : other;
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt ? one : other;
  return one.id < other.id ? one : other;
};

interface Merge {
  readonly from: PersonId;
  readonly into: PersonId;
  readonly by: LinkedBy;
  readonly why: string;
}

/** What is known of one that goes is known of the one that stays, and yet stays with the signpost: it may come back. */
const enriched = (survivor: PersonRow, gone: PersonRow): PersonRow => ({
  ...survivor,
  isByHand: survivor.isByHand || gone.isByHand,
  isSettled: survivor.isSettled || gone.isSettled,
});

const plan = (locked: ReadonlyMap<PersonId, PersonRow>, unions: readonly Union[]): readonly Merge[] => {
  const state = new Map(locked);
  const merges: Omit<Merge, 'into'>[] = [];
  for (const { one, other, into, by, why } of unions) {
    const [a, b] = [livingOf(state, one), livingOf(state, other)];
    if (a === null || b === null || a.id === b.id) continue;
    const wanted = into === null ? null : livingOf(state, into);
    const stays = wanted?.id === a.id || wanted?.id === b.id ? wanted : better(a, b);
    const goes = stays.id === a.id ? b : a;
    state.set(stays.id, enriched(stays, goes));
    state.set(goes.id, { ...goes, mergedInto: stays.id });
    merges.push({ from: goes.id, by, why });
  }
  return merges.map((merge): Merge => ({ ...merge, into: livingOf(state, merge.from)?.id ?? merge.from }));
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

// Earlier signposts are turned too, so that each leads to its goal at once. Those of one step keep their order: what
// the
// person has not got itself, it has of the first of them.
const TURN = `
  UPDATE persons SET merged_into = into_id, updated_at = $3,
    merged_at = coalesce(merged_at, $3::timestamptz + (position - 1) * interval '1 microsecond')
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS gone (from_id, into_id, position)
  WHERE persons.id = from_id OR persons.merged_into = from_id`;

const TOUCH = 'UPDATE persons SET updated_at = $2 WHERE id = ANY($1::uuid[])';

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
  const merges = plan(locked, unions);
  if (merges.length === 0) return 0;
  const from = merges.map((merge) => merge.from);
  const into = merges.map((merge) => merge.into);
  await sql.run(MOVE, [from, into, merges.map(({ by }) => by), merges.map(({ why }) => why), toInstant(at)]);
  await sql.run(TURN, [from, into, toInstant(at)]);
  await sql.run(TOUCH, [into, toInstant(at)]);
  return merges.length;
};
