import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { displayNameOf } from '../../../domain/contact.ts';
import { Refused } from '../../../domain/errors.ts';
import type { PersonId } from '../../../domain/ids.ts';
import type { IdentityView, PersonView } from '../../../domain/person-view.ts';
import type { Sql } from '../../connection/sql.ts';
import { PersonEntity } from '../../entities/person-entity.ts';
import { msOf, toIso, toIsoOrNull } from '../../values/instants.ts';

interface IdentityJson extends Omit<IdentityView, 'name' | 'createdAt' | 'updatedAt' | 'removedAt'> {
  /** ms */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly removedAt: number | null;
}

interface PersonJson extends Pick<PersonView, 'id' | 'givenName' | 'phone' | 'madeBy'> {
  readonly identities: readonly IdentityJson[] | null;
  /** ms */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * Raw SQL, as people wait for a search: persons, identities and aliases in one journey, in the order of their ids,
 * those identities first that are still listed. What a person was not given itself, it has of those who became it,
 * the first one first: should one of them be given back, it takes along what is its own.
 */
const PERSONS = `
  SELECT person.id, coalesce(person.name, former.name) AS "givenName",
    CASE WHEN person.phone_given THEN person.phone ELSE coalesce(person.phone, former.phone) END AS phone,
    CASE WHEN former.by_hand THEN 'api' ELSE person.made_by END AS "madeBy",
    ${msOf('person.created_at')} AS "createdAt", ${msOf('person.updated_at')} AS "updatedAt", (
      SELECT json_agg(json_build_object(
          'id', held.id, 'instanceId', held.instance_id, 'channel', held.channel, 'externalId', held.external_id,
          'aliases', (
            SELECT coalesce(json_agg(alias.alias ORDER BY alias.alias), '[]') FROM identity_aliases AS alias
            WHERE alias.instance_id = held.instance_id AND alias.external_id = held.external_id),
          'personId', held.person_id,
          'names', json_build_object('saved', held.saved_name, 'verified', held.verified_name, 'pushed', held.pushed_name),
          'handle', held.handle, 'phone', held.phone, 'isBot', held.is_bot, 'metadata', held.metadata,
          'firstLinkedBy', held.first_linked_by, 'pinned', held.pinned, 'createdAt', ${msOf('held.created_at')},
          'updatedAt', ${msOf('held.updated_at')}, 'removedAt', ${msOf('held.removed_at')})
        ORDER BY held.removed_at IS NOT NULL, held.created_at, held.id)
      FROM platform_identities AS held JOIN omni_instances AS owner ON owner.id = held.instance_id
      WHERE held.person_id = person.id AND owner.removing_at IS NULL) AS identities
  FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, position) JOIN persons AS person USING (id)
  CROSS JOIN LATERAL (
    SELECT (array_agg(name ORDER BY merged_at, id) FILTER (WHERE name IS NOT NULL))[1] AS name,
      (array_agg(phone ORDER BY merged_at, id) FILTER (WHERE phone IS NOT NULL))[1] AS phone,
      bool_or(made_by = 'api') AS by_hand
    FROM persons WHERE merged_into = person.id) AS former
  ORDER BY asked.position`;

const identityOf = ({ createdAt, updatedAt, removedAt, ...identity }: IdentityJson): IdentityView => ({
  ...identity,
  name: displayNameOf(identity),
  createdAt: toIso(createdAt),
  updatedAt: toIso(updatedAt),
  removedAt: toIsoOrNull(removedAt),
});

/** The best name that any identity has. */
const nameAmong = (identities: readonly IdentityView[], phone: string | null): string | null => {
  const best = (of: (identity: IdentityView) => string | null) => identities.map(of).find((name) => name) ?? null;
  return displayNameOf({
    names: {
      saved: best(({ names }) => names.saved),
      verified: best(({ names }) => names.verified),
      pushed: best(({ names }) => names.pushed),
    },
    handle: best(({ handle }) => handle),
    phone: phone ?? best((identity) => identity.phone),
  });
};

const viewOf = ({ id, givenName, phone, madeBy, createdAt, updatedAt, ...row }: PersonJson): PersonView => {
  const identities = (row.identities ?? []).map(identityOf);
  return {
    id,
    name: givenName ?? nameAmong(identities, phone),
    givenName,
    phone,
    madeBy,
    identities,
    createdAt: toIso(createdAt),
    updatedAt: toIso(updatedAt),
  };
};

/** In the order of the ids; who is not there is left out. */
export const personViews = async (sql: Sql, ids: readonly PersonId[]): Promise<readonly PersonView[]> =>
  ids.length === 0 ? [] : (await sql.rows<PersonJson>(PERSONS, [ids])).map(viewOf);

export const noPerson = (id: PersonId, field = 'personId'): Refused =>
  new Refused({
    status: 404,
    code: 'person_not_found',
    message: `There is no person ${id}; GET /api/v2/persons lists those there are`,
    details: { field },
  });

/** The id of the person, or of the one that it became. Throws `Refused`. */
export const livingPerson = async (em: SqlEntityManager, id: PersonId): Promise<PersonId> => {
  const row = await em.findOne(PersonEntity, { id }, { fields: ['id', 'mergedInto'], disableIdentityMap: true });
  if (row === null) throw noPerson(id);
  return row.mergedInto ? livingPerson(em, row.mergedInto) : row.id;
};
