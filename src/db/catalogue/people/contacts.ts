import { Schema } from 'effect';
import { phoneSearchOf } from '../../../domain/phone.ts';
import type { PeopleCatalogue } from '../../../sync/people/people.ts';
import type { EntityConnection } from '../../connection/entity-connection.ts';
import { persevere } from '../../connection/query-failure.ts';
import { IdentityEntity } from '../../entities/identity-entity.ts';
import { cleanText } from '../../values/clean-text.ts';
import { keysetCursor, pageOf } from '../../values/keyset-cursor.ts';
import { isRefused } from '../../values/refusals.ts';
import { readInstance } from '../instances.ts';
import { searchPattern } from '../search-pattern.ts';
import { peopleTerm, searchTerm } from '../search-term.ts';
import { IDENTITY_FIELDS, identityViews } from './identity-rows.ts';

/** The place of something in the order of its external ids. */
export const ExternalKey = keysetCursor(Schema.Struct({ externalId: Schema.String }));

/** By a part of a name, handle or phone in any notation, or by the platform's whole id. */
export const matchingContacts = (search: string | undefined) => {
  if (search === undefined) return {};
  const term = peopleTerm(search);
  const phone = phoneSearchOf(term);
  const terms = phone === null ? [term] : [term, phone];
  return {
    $or: [...terms.map((one) => ({ search: { $ilike: searchPattern(one) } })), { externalId: searchTerm(search) }],
  };
};

export const contactCatalogue = (connection: EntityConnection): Pick<PeopleCatalogue, 'contacts'> => ({
  contacts: (instanceId, { search, includeLeft = false }, page) =>
    persevere(async () => {
      const after = ExternalKey.read(page.cursor);
      return connection.entities(async (em) => {
        await readInstance(em, instanceId);
        const rows = await em.find(
          IdentityEntity,
          {
            instanceId,
            ...(after === null ? {} : { externalId: { $gt: cleanText(after.externalId) } }),
            ...(includeLeft ? {} : { removedAt: null }),
            ...matchingContacts(search),
          },
          {
            fields: IDENTITY_FIELDS,
            orderBy: { externalId: 'asc' },
            limit: page.limit + 1,
            disableIdentityMap: true,
          },
        );
        const { items, cursor } = pageOf(
          rows,
          page.limit,
          (row) => row,
          ({ externalId }) => ExternalKey.write({ externalId }),
        );
        return { items: await identityViews(em, items), cursor };
      });
    }, isRefused),
});
