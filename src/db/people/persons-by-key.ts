import { randomUUID } from 'node:crypto';
import { Contention } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { toInstant } from '../values/instants.ts';

/** What a person is found by: a phone, or the account that it was made of (`account-person.ts`). */
export type PersonKey = { readonly phone: string } | { readonly account: PersonId };

export interface KeyedPerson {
  readonly id: PersonId;
  /** Nobody had the key before. */
  readonly isNew: boolean;
}

interface PersonRow {
  readonly id: PersonId;
  readonly phone: string | null;
  readonly mergedInto: PersonId | null;
}

const TRIES = 5;

const nameOf = (key: PersonKey): string => ('phone' in key ? key.phone : key.account);

// Who is about to insert the same key in another transaction is waited for. Keys come sorted, so that no two
// transactions wait for each other.
const MAKE = `
  INSERT INTO persons (id, phone, made_by, created_at, updated_at)
  SELECT id, phone, 'sync', $3, $3 FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS made (id, phone, position)
  ORDER BY position
  ON CONFLICT DO NOTHING
  RETURNING id, phone`;

/** Until the commit nobody can merge or remove it: for those who link to it, or for the one who merges it. */
export type Hold = 'KEY SHARE' | 'UPDATE';

const heldFor = (hold: Hold): string => `
  SELECT id, phone, merged_into AS "mergedInto" FROM persons WHERE phone = ANY($1::text[]) OR id = ANY($2::uuid[])
  ORDER BY id FOR ${hold}`;

const make = (sql: Sql, keys: readonly PersonKey[], at: number) =>
  sql.rows<Omit<PersonRow, 'mergedInto'>>(MAKE, [
    keys.map((key) => ('phone' in key ? randomUUID() : key.account)),
    keys.map((key) => ('phone' in key ? key.phone : null)),
    toInstant(at),
  ]);

const held = (sql: Sql, hold: Hold, phones: readonly string[], ids: readonly PersonId[]) =>
  phones.length + ids.length === 0 ? [] : sql.rows<PersonRow>(heldFor(hold), [phones, ids]);

/** Whom a signpost leads to. Of persons that were merged meanwhile another look is needed. */
const follow = async (sql: Sql, hold: Hold, rows: readonly PersonRow[]): Promise<ReadonlyMap<PersonId, PersonId>> => {
  const next = new Map(rows.flatMap(({ id, mergedInto }) => (mergedInto === null ? [] : [[id, mergedInto] as const])));
  if (next.size === 0) return next;
  const targets = await held(sql, hold, [], [...new Set(next.values())]);
  const further = await follow(sql, hold, targets);
  return new Map([...next].map(([id, target]) => [id, further.get(target) ?? target]));
};

const isSame = (one: readonly PersonRow[], other: readonly PersonRow[]): boolean =>
  one.length === other.length &&
  one.every(({ id, phone, mergedInto }, at) => {
    const row = other[at];
    return row?.id === id && row.phone === phone && row.mergedInto === mergedInto;
  });

interface Found {
  readonly rows: readonly PersonRow[];
  readonly living: ReadonlyMap<PersonId, PersonId>;
}

/**
 * Who has these phones or ids, and whom they became. Whoever turns a signpost, or takes its phone, holds the person
 * that it leads to: so a signpost is only sure once that one is held too, and what it said before is read again.
 */
const lookUp = async (sql: Sql, hold: Hold, phones: readonly string[], ids: readonly PersonId[]): Promise<Found> => {
  let rows = await held(sql, hold, phones, ids);
  for (let tries = 0; tries < TRIES; tries++) {
    const living = await follow(sql, hold, rows);
    if (living.size === 0) return { rows, living };
    const again = await held(sql, hold, phones, ids);
    if (isSame(rows, again)) return { rows, living };
    rows = again;
  }
  throw new Contention({ cause: new Error('Signposts are turned all the time') });
};

/**
 * The person of each key, by the phone or the account's id; made where there is none. However many transactions ask for
 * a key at once, they get the same person.
 */
export const personsByKey = async (
  sql: Sql,
  hold: Hold,
  keys: readonly PersonKey[],
  at: number,
): Promise<ReadonlyMap<string, KeyedPerson>> => {
  const found = new Map<string, KeyedPerson>();
  const sorted = [...new Map(keys.map((key) => [nameOf(key), key]))].sort(([a], [b]) => (a < b ? -1 : 1));
  let missing: readonly PersonKey[] = sorted.map(([, key]) => key);
  // Once is enough, unless a person that was in the way is removed before it is looked at.
  for (let tries = 0; missing.length > 0; tries++) {
    if (tries === TRIES) throw new Contention({ cause: new Error('Persons come and go') });
    for (const { id, phone } of await make(sql, missing, at)) found.set(phone ?? id, { id, isNew: true });
    const others = missing.filter((key) => !found.has(nameOf(key)));
    const { rows, living } = await lookUp(
      sql,
      hold,
      others.flatMap((key) => ('phone' in key ? key.phone : [])),
      others.flatMap((key) => ('phone' in key ? [] : key.account)),
    );
    const byKey = new Map(rows.flatMap((row) => [[row.phone, row] as const, [row.id, row] as const]));
    for (const key of others) {
      const row = byKey.get(nameOf(key));
      if (row !== undefined) found.set(nameOf(key), { id: living.get(row.id) ?? row.id, isNew: false });
    }
    missing = others.filter((key) => !found.has(nameOf(key)));
  }
  return found;
};
