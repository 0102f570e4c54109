import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Schema } from 'effect';
import { PersonId } from '../../../domain/ids.ts';
import type { PageOf, PageRequest } from '../../../domain/page.ts';
import type { PersonView } from '../../../domain/person-view.ts';
import type { PeopleCatalogue } from '../../../sync/people/people.ts';
import type { EntityConnection } from '../../connection/entity-connection.ts';
import { persevere } from '../../connection/query-failure.ts';
import type { Sql } from '../../connection/sql.ts';
import { PersonEntity } from '../../entities/person-entity.ts';
import { beyond } from '../../values/beyond.ts';
import { keysetCursor, pageOf } from '../../values/keyset-cursor.ts';
import { isRefused } from '../../values/refusals.ts';
import { readLinks } from './link-history.ts';
import { readPerson } from './person-details.ts';
import { personViews } from './person-rows.ts';
import { findPersons, PersonKey } from './person-search.ts';
import { readTimeline } from './timeline.ts';

const MadeKey = keysetCursor(Schema.Struct({ createdAt: Schema.Number, id: PersonId }));

const listed = async (em: SqlEntityManager, sql: Sql, { limit, cursor }: PageRequest): Promise<PageOf<PersonView>> => {
  const after = MadeKey.read(cursor);
  const rows = await em.find(
    PersonEntity,
    { mergedInto: null, ...beyond('created_at, id', 'after', after && { at: after.createdAt, id: after.id }) },
    {
      fields: ['id', 'createdAt'],
      orderBy: { createdAt: 'asc', id: 'asc' },
      limit: limit + 1,
      disableIdentityMap: true,
    },
  );
  const page = pageOf(
    rows,
    limit,
    ({ id }) => id,
    ({ createdAt, id }) => MadeKey.write({ createdAt: createdAt.getTime(), id }),
  );
  return { items: await personViews(sql, page.items), cursor: page.cursor };
};

export const personCatalogue = (
  connection: EntityConnection,
  canCompare: () => boolean,
): Pick<PeopleCatalogue, 'persons' | 'person' | 'timeline' | 'links'> => {
  const searched = async (search: string, page: PageRequest): Promise<PageOf<PersonView>> => {
    const keys = await findPersons(connection, search, page, canCompare());
    const { items, cursor } = pageOf(keys, page.limit, ({ id }) => id, PersonKey.write);
    return { items: await connection.query((sql) => personViews(sql, items)), cursor };
  };

  return {
    persons: ({ search = '' }, page) =>
      persevere(
        () => (search === '' ? connection.entities((em, sql) => listed(em, sql, page)) : searched(search, page)),
        isRefused,
      ),
    person: (id) => persevere(() => connection.entities((em, sql) => readPerson(em, sql, id)), isRefused),
    timeline: (id, page) => persevere(() => readTimeline(connection, id, page), isRefused),
    links: (id, page) => persevere(() => readLinks(connection, id, page), isRefused),
  };
};
