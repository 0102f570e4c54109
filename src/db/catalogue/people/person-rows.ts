import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { displayNameOf } from '../../../domain/contact.ts';
import { Refused } from '../../../domain/errors.ts';
import type { PersonId } from '../../../domain/ids.ts';
import type { IdentityView, PersonView } from '../../../domain/person-view.ts';
import { PersonEntity } from '../../entities/person-entity.ts';
import type { Row } from '../../row.ts';
import { readIdentities } from './identity-rows.ts';

export const PERSON_FIELDS = ['id', 'name', 'phone', 'madeBy', 'mergedInto', 'createdAt', 'updatedAt'] as const;

export type PersonRow = Row<typeof PersonEntity, (typeof PERSON_FIELDS)[number]>;

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

const viewOf = (row: PersonRow, identities: readonly IdentityView[]): PersonView => ({
  id: row.id,
  name: row.name ?? nameAmong(identities, row.phone ?? null),
  givenName: row.name ?? null,
  phone: row.phone ?? null,
  madeBy: row.madeBy,
  identities,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

export const personViews = async (em: SqlEntityManager, rows: readonly PersonRow[]): Promise<readonly PersonView[]> => {
  const identities = await readIdentities(
    em,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => viewOf(row, identities.get(row.id) ?? []));
};

export const noPerson = (id: PersonId, field = 'id'): Refused =>
  new Refused({
    status: 404,
    code: 'person_not_found',
    message: `There is no person ${id}; GET /api/v2/persons lists those there are`,
    details: { field },
  });

/** The person, or the one that it became. Throws `Refused`. */
export const readPersonRow = async (em: SqlEntityManager, id: PersonId): Promise<PersonRow> => {
  const row = await em.findOne(PersonEntity, { id }, { fields: PERSON_FIELDS, disableIdentityMap: true });
  if (row === null) throw noPerson(id);
  return row.mergedInto ? readPersonRow(em, row.mergedInto) : row;
};
