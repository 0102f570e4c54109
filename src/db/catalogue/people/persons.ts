import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Schema } from 'effect';
import { PersonId } from '../../../domain/ids.ts';
import type { PersonView } from '../../../domain/person-view.ts';
import type { PageOf, PageRequest } from '../../../sync/catalogue.ts';
import type { PeopleCatalogue } from '../../../sync/people.ts';
import { beyond } from '../../beyond.ts';
import { PersonEntity } from '../../entities/person-entity.ts';
import type { EntityConnection } from '../../entity-connection.ts';
import { keysetCursor, pageOf } from '../../keyset-cursor.ts';
import { persevere } from '../../query-failure.ts';
import { isRefused } from '../../refusals.ts';
import { readLinks } from './link-history.ts';
import { readPerson } from './person-details.ts';
import { PERSON_FIELDS, type PersonRow, personViews } from './person-rows.ts';
import { findPersons, PersonKey } from './person-search.ts';
import { readTimeline } from './timeline.ts';

const MadeKey = keysetCursor(Schema.Struct({ createdAt: Schema.Number, id: PersonId }));

/** Views of a page, whose cursors are told by the rows: one more row than the page holds may have been read. */
const shown = async (
  em: SqlEntityManager,
  rows: readonly PersonRow[],
  limit: number,
  cursorAt: (row: PersonRow) => string,
): Promise<PageOf<PersonView>> => {
  const { items, cursor } = pageOf(rows, limit, (row) => row, cursorAt);
  return { items: await personViews(em, items), cursor };
};

const listed = async (em: SqlEntityManager, { limit, cursor }: PageRequest): Promise<PageOf<PersonView>> => {
  const after = MadeKey.read(cursor);
  const rows = await em.find(
    PersonEntity,
    { mergedInto: null, ...beyond('created_at, id', 'after', after && { at: after.createdAt, id: after.id }) },
    {
      fields: PERSON_FIELDS,
      orderBy: { createdAt: 'asc', id: 'asc' },
      limit: limit + 1,
      disableIdentityMap: true,
    },
  );
  return shown(em, rows, limit, ({ createdAt, id }) => MadeKey.write({ createdAt: createdAt.getTime(), id }));
};

export const personCatalogue = (
  connection: EntityConnection,
  canCompare: () => boolean,
): Pick<PeopleCatalogue, 'persons' | 'person' | 'timeline' | 'links'> => {
  const searched = async (search: string, page: PageRequest): Promise<PageOf<PersonView>> => {
    const keys = await findPersons(connection, search, page, canCompare());
    return connection.entities(async (em) => {
      const found = await em.find(
        PersonEntity,
        { id: { $in: keys.map(({ id }) => id) } },
        { fields: PERSON_FIELDS, disableIdentityMap: true },
      );
      const rows = new Map(found.map((row) => [row.id, row]));
      const { items, cursor } = pageOf(keys, page.limit, ({ id }) => rows.get(id), PersonKey.write);
      // One that was removed meanwhile is left out.
      return {
        items: await personViews(
          em,
          items.flatMap((row) => row ?? []),
        ),
        cursor,
      };
    });
  };

  return {
    persons: ({ search = '' }, page) =>
      persevere(
        () => (search === '' ? connection.entities((em) => listed(em, page)) : searched(search, page)),
        isRefused,
      ),
    person: (id) => persevere(() => connection.entities((em, sql) => readPerson(em, sql, id)), isRefused),
    timeline: (id, page) => persevere(() => readTimeline(connection, id, page), isRefused),
    links: (id, page) => persevere(() => readLinks(connection, id, page), isRefused),
  };
};
