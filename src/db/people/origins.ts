import type { IdentityId, PersonId } from '../../domain/ids.ts';
import type { Sql } from '../connection/sql.ts';

/** A person that an identity may go back to. */
export interface Origin {
  readonly id: PersonId;
  /** Itself, or whom it became. */
  readonly livingId: PersonId;
}

/**
 * The best first: the person whose merging brought the identity where it is, then the one that has its phone, then
 * the one that was made of its account. What somebody linked, and no merge, is no way back: from there it was taken
 * away.
 */
const ORIGINS = `
  WITH last AS (
    SELECT from_person_id, to_person_id, at FROM identity_links WHERE identity_id = $1 ORDER BY id DESC LIMIT 1
  ), origin AS (
    SELECT from_person_id AS id, 1 AS place FROM last WHERE EXISTS (
      SELECT 1 FROM identity_links AS merge
      WHERE (merge.from_person_id, merge.to_person_id, merge.at) = (last.from_person_id, last.to_person_id, last.at)
        AND merge.identity_id IS NULL)
    UNION ALL SELECT id, 2 FROM persons WHERE phone = $2
    UNION ALL SELECT id, 3 FROM persons WHERE id = $3
  )
  SELECT id, coalesce(merged_into, id) AS "livingId" FROM origin JOIN persons USING (id) ORDER BY place`;

export const originsOf = (
  sql: Sql,
  { id, phone }: { readonly id: IdentityId; readonly phone: string | null },
  account: PersonId,
): Promise<readonly Origin[]> => sql.rows<Origin>(ORIGINS, [id, phone, account]);
