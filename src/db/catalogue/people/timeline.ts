import type { EventView } from '../../../domain/event-view.ts';
import type { InstanceId, PersonId } from '../../../domain/ids.ts';
import type { PageOf, PageRequest } from '../../../domain/page.ts';
import type { EntityConnection } from '../../connection/entity-connection.ts';
import type { Sql } from '../../connection/sql.ts';
import { toInstant } from '../../values/instants.ts';
import { pageOf } from '../../values/keyset-cursor.ts';
import { columns, cursorAt, EventKey, type EventRow, NEWEST_FIRST, viewOf } from '../event-rows.ts';
import { livingPerson } from './person-rows.ts';

interface Account {
  readonly instanceId: InstanceId;
  readonly externalId: string;
}

/** All names by which messages may know a person's accounts. */
const ACCOUNTS = `
  WITH accounts AS (
    SELECT instance_id, external_id FROM platform_identities JOIN omni_instances AS owner ON owner.id = instance_id
    WHERE person_id = $1 AND owner.removing_at IS NULL
  )
  SELECT instance_id AS "instanceId", external_id AS "externalId" FROM accounts
  UNION SELECT instance_id, alias FROM accounts JOIN identity_aliases USING (instance_id, external_id)`;

/**
 * Raw SQL on purpose: each account, and each direct conversation with one, gives its own newest from an index, and the
 * newest of those are taken. The places come first and the messages for them afterwards: one may come both ways.
 *
 * A direct conversation of WhatsApp has the id of the account; one of Discord has an id of its own, and is with whoever
 * besides the bot wrote there.
 */
const timeline = (beyond: string): string => `
  WITH account AS (
    SELECT * FROM unnest($1::uuid[], $2::text[]) AS account (instance_id, external_id)
  ), direct AS (
    SELECT held.id FROM account JOIN conversations AS held ON held.instance_id = account.instance_id
      AND held.external_id = account.external_id AND held.kind = 'direct'
    UNION
    SELECT held.id FROM conversations AS held
    CROSS JOIN LATERAL (
      SELECT sender_id FROM omni_events
      WHERE conversation_id = held.id AND NOT is_from_me AND sender_id IS NOT NULL
      ORDER BY timestamp DESC, omni_events.id DESC LIMIT 1) AS partner
    JOIN account ON account.instance_id = held.instance_id AND account.external_id = partner.sender_id
    WHERE held.kind = 'direct' AND held.instance_id IN (
      SELECT id FROM omni_instances WHERE channel = 'discord' AND id = ANY($1::uuid[]))
  ), place AS (
    SELECT held.* FROM account CROSS JOIN LATERAL (
      SELECT timestamp, id, conversation_id, external_id FROM omni_events AS held
      WHERE hashtextextended(held.sender_id, 0) = hashtextextended(account.external_id, 0) AND NOT held.is_from_me
        AND held.sender_id = account.external_id AND held.instance_id = account.instance_id ${beyond}
      ${NEWEST_FIRST} LIMIT $3) AS held
    UNION
    SELECT held.* FROM direct CROSS JOIN LATERAL (
      SELECT timestamp, id, conversation_id, external_id FROM omni_events AS held
      WHERE held.conversation_id = direct.id ${beyond} ${NEWEST_FIRST} LIMIT $3) AS held
  ), newest AS (SELECT * FROM place ORDER BY timestamp DESC, id DESC LIMIT $3)
  SELECT ${columns('owner')} FROM newest
  JOIN omni_events AS held ON held.conversation_id = newest.conversation_id AND held.external_id = newest.external_id
  JOIN omni_instances AS owner ON owner.id = held.instance_id ${NEWEST_FIRST}`;

const FIRST = timeline('');
const FURTHER = timeline('AND (held.timestamp, held.id) < ($4::timestamptz, $5::bigint)');

const read = (sql: Sql, accounts: readonly Account[], after: EventKey | null, limit: number) => {
  const parameters = [accounts.map(({ instanceId }) => instanceId), accounts.map((one) => one.externalId), limit];
  return after === null
    ? sql.rows<EventRow>(FIRST, parameters)
    : sql.rows<EventRow>(FURTHER, [...parameters, toInstant(after.at), after.id]);
};

/** What a person wrote, and its direct conversations, of all instances, newest first. Throws `Refused`. */
export const readTimeline = async (
  connection: EntityConnection,
  id: PersonId,
  { limit, cursor }: PageRequest,
): Promise<PageOf<EventView>> => {
  const after = EventKey.read(cursor);
  const rows = await connection.entities(async (em, sql) => {
    const living = await livingPerson(em, id);
    return read(sql, await sql.rows<Account>(ACCOUNTS, [living]), after, limit + 1);
  });
  return pageOf(rows, limit, viewOf, cursorAt);
};
