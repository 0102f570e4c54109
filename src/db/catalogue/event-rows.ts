import { Schema } from 'effect';
import type { EventView } from '../../domain/event-view.ts';
import type { PageOf } from '../../domain/page.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import { msOf, toInstant, toIso, toIsoOrNull } from '../values/instants.ts';
import { keysetCursor, pageOf } from '../values/keyset-cursor.ts';

/*
 * Messages of several instances at once, or with a text in them, are read with raw SQL: each instance gives its own
 * newest by a lateral join, and the query builder pastes the values of a joined query into its text and then takes a
 * question mark in them for a parameter.
 */

export type EventFilter = Parameters<Catalogue['events']>[0];

/** A place among messages: ms, and the number of the row. */
export type EventKey = { readonly at: number; readonly id: string };

export const EventKey = keysetCursor<EventKey>(
  Schema.Struct({ at: Schema.Number, id: Schema.String.check(Schema.isPattern(/^\d{1,18}$/)) }),
);

export interface EventRow extends Omit<EventView, 'timestamp' | 'editedAt' | 'deletedAt'> {
  readonly at: number;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
}

export const viewOf = ({ at, ...row }: EventRow): EventView => ({
  ...row,
  timestamp: toIso(at),
  editedAt: toIsoOrNull(row.editedAt),
  deletedAt: toIsoOrNull(row.deletedAt),
});

export const cursorAt = ({ at, id }: EventKey): string => EventKey.write({ at, id });

/** The columns of a row, `held`, whose channel `owner` tells. */
export const columns = (owner: string): string => `
  held.id::text AS id, held.instance_id AS "instanceId", ${owner}.channel, held.conversation_id AS "conversationId",
  held.external_id AS "externalId", held.sender_id AS "senderId", held.is_from_me AS "isFromMe", held.type, held.text,
  held.payload, held.source, ${msOf('held.timestamp')} AS at, ${msOf('held.edited_at')} AS "editedAt",
  ${msOf('held.deleted_at')} AS "deletedAt"`;

export const NEWEST_FIRST = 'ORDER BY held.timestamp DESC, held.id DESC';

/** The filter as parameters $1 to $6: instance, conversation, since, until, and the place of the cursor. */
const parametersOf = (filter: EventFilter, after: EventKey | null): readonly unknown[] => [
  filter.instanceId ?? null,
  filter.conversationId ?? null,
  filter.since === undefined ? null : toInstant(filter.since),
  filter.until === undefined ? null : toInstant(filter.until),
  after === null ? null : toInstant(after.at),
  after?.id ?? null,
];

/** Conditions are left out rather than switched off, so that each combination gets a plan, and an index, of its own. */
const conditionsOf = (filter: EventFilter, after: EventKey | null): string =>
  [
    filter.conversationId === undefined
      ? 'held.instance_id = owner.id'
      : 'held.conversation_id = $2::uuid AND held.instance_id = owner.id',
    filter.since === undefined ? null : 'held.timestamp >= $3::timestamptz',
    filter.until === undefined ? null : 'held.timestamp <= $4::timestamptz',
    after === null ? null : '(held.timestamp, held.id) < ($5::timestamptz, $6::bigint)',
  ]
    .filter((condition) => condition !== null)
    .join(' AND ');

// Naming every parameter keeps their numbers the same whichever conditions are left out.
const NAMED = `WITH given AS (
  SELECT $1::uuid AS a, $2::uuid AS b, $3::timestamptz AS c, $4::timestamptz AS d, $5::timestamptz AS e, $6::bigint AS f)`;
const OWNERS = 'omni_instances AS owner';
const OWNED = 'owner.removing_at IS NULL AND ($1::uuid IS NULL OR owner.id = $1)';

/**
 * The parts of a statement that reads the messages of a filter, `held`, with their instances, `owner`, below a place.
 */
export const select = (filter: EventFilter, after: EventKey | null) => ({
  /** $1 to $6; those of the statement itself follow. */
  parameters: parametersOf(filter, after),
  named: NAMED,
  columns,
  owners: OWNERS,
  owned: OWNED,
  conditions: conditionsOf(filter, after),
  newestFirst: NEWEST_FIRST,
});

/** What was read for a page, one row more than it holds. */
export const eventPage = (rows: readonly EventRow[], limit: number): PageOf<EventView> =>
  pageOf(rows, limit, viewOf, cursorAt);
