import type { IdentityId, InstanceId, PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';
import { IS_BY_HAND } from './person-locks.ts';

const REMOVE = `
  DELETE FROM platform_identities WHERE ctid = ANY (ARRAY (
    SELECT ctid FROM platform_identities WHERE instance_id = $1 LIMIT $2))
  RETURNING id, person_id AS "personId"`;

// Whoever is about to link to one of them is waited for, and seen by the next statement.
const LOCK = 'SELECT id FROM persons WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE';

const REMOVE_PERSONS = `
  WITH gone AS (
    DELETE FROM persons AS person WHERE id = ANY($1::uuid[]) AND merged_into IS NULL
      AND NOT EXISTS (SELECT 1 FROM platform_identities WHERE person_id = person.id)
      AND NOT EXISTS (SELECT 1 FROM persons AS one WHERE (one.id = person.id OR one.merged_into = person.id) AND ${IS_BY_HAND})
    RETURNING id
  ), forgotten AS (DELETE FROM identity_links WHERE to_person_id IN (SELECT id FROM gone))
  DELETE FROM persons WHERE merged_into IN (SELECT id FROM gone)`;

/**
 * Removes identities of an instance, in the caller's transaction, and the persons of whom nothing is known any more and
 * to whom nobody gave anything by hand. Returns how many identities went.
 */
export const removeIdentities = async (sql: Sql, instanceId: InstanceId, limit: number): Promise<number> => {
  const removed = await sql.rows<{ id: IdentityId; personId: PersonId }>(REMOVE, [instanceId, limit]);
  if (removed.length === 0) return 0;
  await sql.run('DELETE FROM identity_links WHERE identity_id = ANY($1::uuid[])', [removed.map(({ id }) => id)]);
  const persons = [...new Set(removed.map(({ personId }) => personId))].sort();
  await sql.rows(LOCK, [persons]);
  await sql.run(REMOVE_PERSONS, [persons]);
  return removed.length;
};
