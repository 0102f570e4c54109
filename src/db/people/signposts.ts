import { randomUUID } from 'node:crypto';
import type { PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { toInstant } from '../values/instants.ts';
import type { PersonRow } from './person-locks.ts';

/** A second phone of a person: whoever comes by it finds the person, and nobody else may have it. */
export const putSignpost = (sql: Sql, phone: string, to: PersonId, at: number): Promise<number> =>
  sql.run(
    `INSERT INTO persons (id, phone, made_by, merged_into, merged_at, created_at, updated_at)
     VALUES ($1, $2, 'sync', $3, $4, $4, $4)`,
    [randomUUID(), phone, to, toInstant(at)],
  );

interface Holder {
  readonly id: PersonId;
  readonly isSignpost: boolean;
  readonly isGiven: boolean;
  readonly isNamed: boolean;
}

const HOLDER = `
  SELECT id, merged_into IS NOT NULL AS "isSignpost", phone_given AS "isGiven",
    name IS NOT NULL OR made_by = 'api' AS "isNamed"
  FROM persons WHERE phone = $1 AND (id = $2 OR merged_into = $2)`;

/**
 * An account went from one person to another, and no other account of the former has its phone. So the phone goes
 * with it, unless somebody said that it is the former's. Whoever has a phone already gets a signpost for the second.
 * The caller holds both persons.
 */
export const movePhone = async (sql: Sql, phone: string, from: PersonRow, to: PersonRow, at: number): Promise<void> => {
  const [holder] = await sql.rows<Holder>(HOLDER, [phone, from.id]);
  if (holder === undefined || holder.isGiven) return;
  if (holder.isSignpost && !holder.isNamed) {
    // All that was known of whoever this was is the phone: it never was the former's.
    await sql.run('UPDATE persons SET merged_into = $2, merged_at = $3, updated_at = $3 WHERE id = $1', [
      holder.id,
      to.id,
      toInstant(at),
    ]);
    return;
  }
  await sql.run('UPDATE persons SET phone = NULL, updated_at = $2 WHERE id = $1', [holder.id, toInstant(at)]);
  if (to.isSettled) await putSignpost(sql, phone, to.id, at);
  else await sql.run('UPDATE persons SET phone = $2, updated_at = $3 WHERE id = $1', [to.id, phone, toInstant(at)]);
};
