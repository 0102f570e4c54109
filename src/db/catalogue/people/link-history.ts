import { Schema } from 'effect';
import type { PersonId } from '../../../domain/ids.ts';
import type { PageOf, PageRequest } from '../../../domain/page.ts';
import type { LinkView } from '../../../domain/person-view.ts';
import type { EntityConnection } from '../../connection/entity-connection.ts';
import { msOf, toInstant, toIso } from '../../values/instants.ts';
import { keysetCursor, pageOf } from '../../values/keyset-cursor.ts';
import { livingPerson } from './person-rows.ts';

const LinkKey = keysetCursor(
  Schema.Struct({
    at: Schema.Number,
    /** Of the change; 0: a first link. */
    seq: Schema.Int,
    identityId: Schema.String,
  }),
);

interface LinkRow extends Omit<LinkView, 'at'> {
  /** ms */
  readonly at: number;
  readonly seq: number;
}

/**
 * Raw SQL, as it puts together changes and first links, which are told by the identities themselves: the person of the
 * first change, or else the present one. Persons that were merged into this one count as it.
 */
const HISTORY = `
  WITH one AS (
    SELECT id FROM persons WHERE id = $1 OR merged_into = $1
  ), changes AS (
    SELECT * FROM identity_links WHERE from_person_id IN (SELECT id FROM one) OR to_person_id IN (SELECT id FROM one)
  ), concerned AS (
    SELECT id FROM platform_identities WHERE person_id = $1 UNION SELECT identity_id FROM changes
  ), firsts AS (
    SELECT held.*, coalesce((
      SELECT from_person_id FROM identity_links WHERE identity_id = held.id ORDER BY id LIMIT 1), person_id) AS first_person
    FROM platform_identities AS held WHERE id IN (SELECT id FROM concerned)
  ), history AS (
    SELECT at, id AS seq, identity_id, instance_id, from_person_id, to_person_id, linked_by, why FROM changes
    UNION ALL
    SELECT created_at, 0, id, instance_id, NULL, first_person, first_linked_by, CASE first_linked_by
      WHEN 'phone' THEN 'its phone was known' WHEN 'account' THEN 'another instance knew the account'
      ELSE 'it was new' END
    FROM firsts WHERE first_person IN (SELECT id FROM one)
  )
  SELECT ${msOf('at')} AS at, seq::float8 AS seq, identity_id AS "identityId", history.instance_id AS "instanceId",
    held.external_id AS "externalId", from_person_id AS "fromPersonId", to_person_id AS "toPersonId", linked_by AS by, why
  FROM history LEFT JOIN platform_identities AS held ON held.id = identity_id
  WHERE $2::timestamptz IS NULL OR (at, seq, coalesce(identity_id::text, '')) < ($2::timestamptz, $3::bigint, $4::text)
  ORDER BY history.at DESC, history.seq DESC, coalesce(identity_id::text, '') DESC LIMIT $5`;

/** How the identities of a person came to it, and left it, newest first. Throws `Refused`. */
export const readLinks = async (
  connection: EntityConnection,
  id: PersonId,
  { limit, cursor }: PageRequest,
): Promise<PageOf<LinkView>> => {
  const after = LinkKey.read(cursor);
  const rows = await connection.entities(async (em, sql) => {
    const living = await livingPerson(em, id);
    const place = after === null ? [null, null, null] : [toInstant(after.at), after.seq, after.identityId];
    return sql.rows<LinkRow>(HISTORY, [living, ...place, limit + 1]);
  });
  return pageOf(
    rows,
    limit,
    ({ seq: _, at, ...row }): LinkView => ({ ...row, at: toIso(at) }),
    ({ at, seq, identityId }) => LinkKey.write({ at, seq, identityId: identityId ?? '' }),
  );
};
