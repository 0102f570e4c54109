import type { EventView } from '../../domain/event-view.ts';
import type { PageOf, PageRequest } from '../../domain/page.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import type { SearchIndex } from '../search/search-index.ts';
import { isRefused } from '../values/refusals.ts';
import { canUseIndex, findByIndex } from './event-index.ts';
import { listAllEvents, listEvents } from './event-list.ts';
import { type EventFilter, EventKey } from './event-rows.ts';
import { scanEvents } from './event-scan.ts';
import { readInstance } from './instances.ts';

type Found = Promise<PageOf<EventView>>;

export const eventCatalogue = (connection: EntityConnection, index: SearchIndex): Pick<Catalogue, 'events'> => {
  const list = (filter: EventFilter, after: EventKey | null, page: PageRequest): Found =>
    filter.instanceId === undefined && filter.conversationId === undefined
      ? connection.query((sql) => listAllEvents(sql, filter, after, page))
      : connection.entities((em) => listEvents(em, filter, after, page));

  const search = async (text: string, filter: EventFilter, after: EventKey | null, page: PageRequest): Found => {
    const rare =
      index.isReady() && canUseIndex(text)
        ? await connection.transaction((sql) => findByIndex(sql, filter, after, page))
        : null;
    return rare ?? scanEvents(connection, filter, after, page);
  };

  /** Nothing found may mean that there is no such instance: only then is it worth a look. */
  const refuseUnknown = async ({ instanceId }: EventFilter): Promise<void> => {
    if (instanceId !== undefined) await connection.entities((em) => readInstance(em, instanceId));
  };

  return {
    events: (filter, page) =>
      persevere(async () => {
        const after = EventKey.read(page.cursor);
        const { search: text = '' } = filter;
        const found = await (text === '' ? list(filter, after, page) : search(text, filter, after, page));
        if (found.items.length === 0 && found.cursor === null) await refuseUnknown(filter);
        return found;
      }, isRefused),
  };
};
