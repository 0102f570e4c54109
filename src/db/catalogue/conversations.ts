import { Schema } from 'effect';
import type { ConversationView } from '../../domain/conversation-view.ts';
import { toIso } from '../../domain/instant.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { ConversationEntity } from '../entities/conversation-entity.ts';
import { keysetCursor, pageOf } from '../values/keyset-cursor.ts';
import { isRefused } from '../values/refusals.ts';
import type { Row } from '../values/row.ts';
import { readInstance } from './instances.ts';
import { searchPattern } from './search-pattern.ts';
import { searchTerm } from './search-term.ts';

const FIELDS = [
  'id',
  'ordinal',
  'instanceId',
  'externalId',
  'parentExternalId',
  'kind',
  'name',
  'createdAt',
  'newestAt',
  'newestHeldAt',
  'unreadable',
  'removedAt',
] as const;

type ConversationRow = Row<typeof ConversationEntity, (typeof FIELDS)[number]>;

/** The newest message is the platform's word, or what is held where the platform does not tell or we know better. */
const newestOf = ({ newestAt, newestHeldAt }: ConversationRow): string | null => {
  const newestMs = Math.max(newestAt?.getTime() ?? -Infinity, newestHeldAt?.getTime() ?? -Infinity);
  return newestMs === -Infinity ? null : toIso(newestMs);
};

const viewOf = (row: ConversationRow): ConversationView => ({
  id: row.id,
  instanceId: row.instanceId,
  externalId: row.externalId,
  parentExternalId: row.parentExternalId ?? null,
  kind: row.kind,
  name: row.name ?? null,
  createdAt: row.createdAt?.toISOString() ?? null,
  newestMessageAt: newestOf(row),
  unreadable: row.unreadable ?? null,
  removedAt: row.removedAt?.toISOString() ?? null,
});

/** By a part of the name, or by the platform's whole id. */
const matches = (search: string | undefined) => {
  if (search === undefined) return {};
  const term = searchTerm(search);
  return { $or: [{ name: { $ilike: searchPattern(term) } }, { externalId: term }] };
};

/** The place of a conversation among those of its instance. */
export const OrdinalKey = keysetCursor(Schema.Struct({ ordinal: Schema.Number }));

/** In the order in which they became known. */
export const conversationCatalogue = (connection: EntityConnection): Pick<Catalogue, 'conversations'> => ({
  conversations: (instanceId, { search }, page) =>
    persevere(async () => {
      const after = OrdinalKey.read(page.cursor)?.ordinal ?? 0;
      const rows = await connection.entities(async (em) => {
        await readInstance(em, instanceId);
        return em.find(
          ConversationEntity,
          { instanceId, mergingInto: null, ordinal: { $gt: after }, ...matches(search) },
          { fields: FIELDS, orderBy: { ordinal: 'asc' }, limit: page.limit + 1, disableIdentityMap: true },
        );
      });
      return pageOf(rows, page.limit, viewOf, ({ ordinal }) => OrdinalKey.write({ ordinal }));
    }, isRefused),
});
