import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { PersonId } from '../../../domain/ids.ts';
import type { Membership, PersonDetails } from '../../../domain/person-view.ts';
import type { Sql } from '../../connection/sql.ts';
import { msOf, toIsoOrNull } from '../../values/instants.ts';
import { livingPerson, noPerson, personViews } from './person-rows.ts';

interface MembershipRow extends Omit<Membership, 'joinedAt'> {
  /** ms */
  readonly joinedAt: number | null;
}

/** More groups than this are not shown with a person. */
const MOST_GROUPS = 1_000;

/**
 * Raw SQL, as what is joined here has no keys that refer to each other: a member is told by its contact's external id.
 */
const MEMBERSHIPS = `
  SELECT its.id AS "groupId", its.instance_id AS "instanceId", identity.id AS "identityId", its.external_id AS "externalId",
    its.kind, its.name, member.role, member.nick, ${msOf('member.joined_at')} AS "joinedAt"
  FROM platform_identities AS identity
  JOIN group_members AS member ON member.contact_external_id = identity.external_id AND member.left_at IS NULL
  JOIN omni_groups AS its ON its.id = member.group_id AND its.instance_id = identity.instance_id AND its.removed_at IS NULL
  JOIN omni_instances AS owner ON owner.id = its.instance_id AND owner.removing_at IS NULL
  WHERE identity.person_id = $1
  ORDER BY its.name, its.id LIMIT ${MOST_GROUPS}`;

/** A person with identities and groups. Throws `Refused`. */
export const readPerson = async (em: SqlEntityManager, sql: Sql, id: PersonId): Promise<PersonDetails> => {
  const living = await livingPerson(em, id);
  const [view] = await personViews(sql, [living]);
  if (view === undefined) throw noPerson(id);
  const groups = await sql.rows<MembershipRow>(MEMBERSHIPS, [living]);
  return { ...view, groups: groups.map((group) => ({ ...group, joinedAt: toIsoOrNull(group.joinedAt) })) };
};
