import type { PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { toInstant } from '../values/instants.ts';
import { livingOf, lockPersons } from './person-locks.ts';
import { personsByKey } from './persons-by-key.ts';
import { type Union, unitePersons } from './unite-persons.ts';

/** An account that was linked before its phone was known. */
export interface LearnedPhone {
  readonly personId: PersonId;
  readonly phone: string;
  /** Linked by hand: whoever else has the phone stays somebody else. */
  readonly pinned: boolean;
  readonly why: string;
}

/** The rows that were made to claim phones are in the way of those who shall have them. */
const UNCLAIM = 'DELETE FROM persons WHERE id = ANY($1::uuid[])';

const GIVE = `
  UPDATE persons SET phone = given.phone, updated_at = $3 FROM unnest($1::uuid[], $2::text[]) AS given (id, phone)
  WHERE persons.id = given.id`;

const POINT = `
  UPDATE persons SET merged_into = given.id, merged_at = $3, updated_at = $3
  FROM unnest($1::uuid[], $2::uuid[]) AS given (signpost, id) WHERE persons.id = given.signpost`;

interface Claim {
  readonly claimant: PersonId;
  readonly phone: string;
  readonly row: PersonId;
}

/**
 * Gives claimed phones to persons. One that has another phone already, or was said to have none, gets a signpost:
 * whoever comes by the second phone finds the person all the same.
 */
const settle = async (sql: Sql, claims: readonly Claim[], at: number): Promise<void> => {
  if (claims.length === 0) return;
  const locked = await lockPersons(
    sql,
    claims.map(({ claimant }) => claimant),
  );
  const settled = new Set([...locked.values()].filter(({ isSettled }) => isSettled).map(({ id }) => id));
  const given: Claim[] = [];
  const pointed: Claim[] = [];
  for (const claim of claims) {
    const claimant = livingOf(locked, claim.claimant)?.id ?? claim.claimant;
    const mine = { ...claim, claimant };
    (settled.has(claimant) ? pointed : given).push(mine);
    settled.add(claimant);
  }
  const ids = (some: readonly Claim[]) => some.map(({ claimant }) => claimant);
  if (given.length > 0) {
    await sql.run(UNCLAIM, [given.map(({ row }) => row)]);
    await sql.run(GIVE, [ids(given), given.map(({ phone }) => phone), toInstant(at)]);
  }
  if (pointed.length > 0) await sql.run(POINT, [pointed.map(({ row }) => row), ids(pointed), toInstant(at)]);
};

/** Accounts get their phones: from now on their persons are found by them, or are one with whom has them already. */
export const learnPhones = async (
  sql: Sql,
  learned: readonly LearnedPhone[],
  unions: readonly Union[],
  at: number,
): Promise<void> => {
  const keys = learned.map(({ phone }) => ({ phone }));
  const holders = await personsByKey(sql, 'UPDATE', keys, at);
  const claims = new Map<string, Claim>();
  const found: Union[] = [...unions];
  for (const { personId, phone, pinned, why } of learned) {
    const holder = holders.get(phone);
    if (holder === undefined) continue;
    const claim = claims.get(phone);
    const other = claim?.claimant ?? holder.id;
    if (holder.isNew && claim === undefined) claims.set(phone, { claimant: personId, phone, row: holder.id });
    else if (!pinned) found.push({ one: other, other: personId, into: null, by: 'phone', why });
  }
  await settle(sql, [...claims.values()], at);
  await unitePersons(sql, found, at);
};
