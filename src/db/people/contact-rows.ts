import type { ChannelName } from '../../domain/channel-name.ts';
import { completed, type ListedContact } from '../../domain/contact.ts';
import type { InstanceId, PersonId } from '../../domain/ids.ts';
import type { LinkedBy } from '../../domain/person-view.ts';
import type { Sql } from '../connection/sql.ts';
import { boolArray, jsonArray, textArray } from '../values/binary-array.ts';
import { cleanJson, cleanNameOrNull, cleanText, cleanTextOrNull } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';

/** A contact under the external id by which it is held, whatever name it was listed by. */
export interface ContactRow {
  readonly externalId: string;
  readonly phone: string | null;
  readonly contact: ListedContact;
}

export interface NewContact extends ContactRow {
  readonly personId: PersonId;
  readonly linkedBy: LinkedBy;
}

const texts = (rows: readonly ContactRow[], of: (contact: ListedContact) => string | null | undefined): Buffer =>
  textArray(rows.map(({ contact }) => cleanNameOrNull(of(contact) ?? null)));

const valuesOf = (rows: readonly ContactRow[]) => [
  textArray(rows.map(({ externalId }) => externalId)),
  textArray(rows.map(({ phone }) => phone)),
  boolArray(rows.map(({ contact }) => contact.isBot)),
  texts(rows, ({ handle }) => handle),
  texts(rows, ({ names }) => names.saved),
  texts(rows, ({ names }) => names.verified),
  texts(rows, ({ names }) => names.pushed),
  jsonArray(rows.map(({ contact: { metadata } }) => (metadata === undefined ? null : cleanJson(metadata)))),
];

const INSERT = `
  INSERT INTO platform_identities (
    instance_id, channel, created_at, updated_at, person_id, first_linked_by,
    external_id, phone, is_bot, handle, saved_name, verified_name, pushed_name, metadata)
  SELECT $1, $2, $3, $3, person_id, linked_by, external_id, phone, is_bot, handle, saved, verified, pushed,
    coalesce(metadata::jsonb, '{}')
  FROM unnest($4::text[], $5::text[], $6::bool[], $7::text[], $8::text[], $9::text[], $10::text[], $11::json[],
    $12::uuid[], $13::text[])
    AS listed (external_id, phone, is_bot, handle, saved, verified, pushed, metadata, person_id, linked_by)`;

export const insertContacts = async (
  sql: Sql,
  instanceId: InstanceId,
  channel: ChannelName,
  rows: readonly NewContact[],
  at: number,
): Promise<void> => {
  if (rows.length === 0) return;
  const persons = rows.map(({ personId }) => personId);
  const linkedBy = textArray(rows.map((row) => row.linkedBy));
  await sql.run(INSERT, [instanceId, channel, toInstant(at), ...valuesOf(rows), persons, linkedBy]);
};

const told = (rows: readonly ContactRow[], of: (contact: ListedContact) => unknown): Buffer =>
  boolArray(rows.map(({ contact }) => of(contact) !== undefined));

/** What a listing says of a column, or what is held where it does not tell. */
const said = (listed: string, isTold: string, held: string): string =>
  `CASE WHEN ${isTold} THEN ${listed} ELSE held.${held} END`;

const AS_LISTED = {
  phone: 'coalesce(listed.phone, held.phone)',
  is_bot: 'listed.is_bot',
  handle: said('listed.handle', 'tells_handle', 'handle'),
  saved_name: said('listed.saved', 'tells_saved', 'saved_name'),
  verified_name: said('listed.verified', 'tells_verified', 'verified_name'),
  pushed_name: said('listed.pushed', 'tells_pushed', 'pushed_name'),
  metadata: 'coalesce(listed.metadata::jsonb, held.metadata)',
} as const;

const COLUMNS = Object.keys(AS_LISTED);
const VALUES = Object.values(AS_LISTED);

const UPDATE = `
  UPDATE platform_identities AS held
  SET (${COLUMNS.join(', ')}, removed_at, updated_at) = ROW (${VALUES.join(', ')}, NULL, $2)
  FROM unnest($3::text[], $4::text[], $5::bool[], $6::text[], $7::text[], $8::text[], $9::text[], $10::json[],
    $11::bool[], $12::bool[], $13::bool[], $14::bool[])
    AS listed (external_id, phone, is_bot, handle, saved, verified, pushed, metadata,
      tells_handle, tells_saved, tells_verified, tells_pushed)
  WHERE held.instance_id = $1 AND held.external_id = listed.external_id
    AND (held.removed_at IS NOT NULL
      OR (${COLUMNS.map((name) => `held.${name}`).join(', ')}) IS DISTINCT FROM (${VALUES.join(', ')}))`;

/** Writes those that changed, and says how many they were. */
export const updateContacts = async (
  sql: Sql,
  instanceId: InstanceId,
  rows: readonly ContactRow[],
  at: number,
): Promise<number> => {
  if (rows.length === 0) return 0;
  return sql.run(UPDATE, [
    instanceId,
    toInstant(at),
    ...valuesOf(rows),
    told(rows, ({ handle }) => handle),
    told(rows, ({ names }) => names.saved),
    told(rows, ({ names }) => names.verified),
    told(rows, ({ names }) => names.pushed),
  ]);
};

/**
 * The set under the ids by which it is held (`held` of the id that was listed), sorted; one for each, whatever it was
 * listed as.
 */
export const asRows = (
  contacts: readonly ListedContact[],
  heldAs: (externalId: string) => { readonly externalId: string; readonly phone: string | null },
): readonly ContactRow[] => {
  const rows = new Map<string, ContactRow>();
  for (const contact of contacts) {
    const { externalId, phone: ofAlias } = heldAs(cleanText(contact.externalId));
    const before = rows.get(externalId);
    const phone = cleanTextOrNull(contact.phone) ?? before?.phone ?? ofAlias;
    rows.set(externalId, { externalId, phone, contact: before ? completed(before.contact, contact) : contact });
  }
  return [...rows.values()].sort((a, b) => (a.externalId < b.externalId ? -1 : 1));
};
