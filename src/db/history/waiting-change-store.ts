import type { SyncTransaction } from '../../sync/store.ts';
import type { Sql, StepSql } from '../connection/sql.ts';
import { instantArray, jsonArray, textArray } from '../values/binary-array.ts';
import { cleanJsonOrNull, cleanText, cleanTextOrNull } from '../values/clean-text.ts';
import { toInstant, toInstantOrNull } from '../values/instants.ts';
import { newestEdits } from './newest-edits.ts';

type WaitingChangeWrites = Pick<
  SyncTransaction,
  'conversationsWithWaiting' | 'keepWaiting' | 'applyWaiting' | 'moveWaiting'
>;

/** Of two edits the later one stays (`isLaterEdit` of the domain), of two deletions the first. */
const KEEP_THE_LATER = `
  ON CONFLICT (instance_id, conversation_external_id, external_id) DO UPDATE
  SET (edited_at, type, text, payload, waiting_since) = (
        SELECT later.edited_at, later.type, later.text, later.payload, later.waiting_since
        FROM (VALUES
          (held.edited_at, held.type, held.text, held.payload, held.waiting_since, 0),
          (excluded.edited_at, excluded.type, excluded.text, excluded.payload, excluded.waiting_since, 1)
        ) AS later (edited_at, type, text, payload, waiting_since, place)
        ORDER BY later.edited_at DESC NULLS LAST, later.place DESC LIMIT 1),
      deleted_at = coalesce(held.deleted_at, excluded.deleted_at)`;

const KEEP = `
  INSERT INTO waiting_changes AS held (
    instance_id, conversation_external_id, external_id, deleted_at, edited_at, type, text, payload, waiting_since)
  SELECT $1, $2, external_id, deleted_at, edited_at, type, text, payload, $3
  FROM unnest($4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[], $9::json[])
    AS change (external_id, deleted_at, edited_at, type, text, payload)
  ${KEEP_THE_LATER}`;

const MOVE = `
  WITH moved AS (
    DELETE FROM waiting_changes WHERE instance_id = $1 AND conversation_external_id = $2 RETURNING *)
  INSERT INTO waiting_changes AS held (
    instance_id, conversation_external_id, external_id, deleted_at, edited_at, type, text, payload, waiting_since)
  SELECT instance_id, $3, external_id, deleted_at, edited_at, type, text, payload, waiting_since FROM moved
  ${KEEP_THE_LATER}`;

// A change is used up by the message that it meets, whether it still says something new or not. What was read after it
// came shows it already.
const APPLY = `
  WITH met AS (
    DELETE FROM waiting_changes AS waiting USING omni_events AS message
    WHERE waiting.instance_id = $1 AND waiting.conversation_external_id = $2
      AND message.conversation_id = $3 AND message.external_id = waiting.external_id
    RETURNING waiting.*, waiting.edited_at IS NOT NULL
      AND ($4::timestamptz IS NULL OR waiting.waiting_since >= $4::timestamptz)
      AND (message.edited_at IS NULL OR waiting.edited_at >= message.edited_at) AS is_news
  )
  UPDATE omni_events AS held SET
    type = CASE WHEN met.is_news THEN met.type ELSE held.type END,
    text = CASE WHEN met.is_news THEN met.text ELSE held.text END,
    payload = CASE WHEN met.is_news THEN met.payload ELSE held.payload END,
    edited_at = greatest(held.edited_at, met.edited_at),
    deleted_at = coalesce(held.deleted_at, met.deleted_at)
  FROM met WHERE held.conversation_id = $3 AND held.external_id = met.external_id`;

/** Edits and deletions of messages that are not stored yet. */
export const waitingChangeStore = (sql: StepSql): WaitingChangeWrites => ({
  conversationsWithWaiting: async (instanceId) => {
    const rows = await sql.rows<{ externalId: string }>(
      `SELECT DISTINCT conversation_external_id AS "externalId" FROM waiting_changes WHERE instance_id = $1`,
      [instanceId],
    );
    return rows.map(({ externalId }) => externalId);
  },

  keepWaiting: async (instanceId, conversationExternalId, { edited, deleted }, at) => {
    const edits = new Map(newestEdits(edited));
    const gone = new Set(deleted.map(cleanText));
    const ids = [...new Set([...edits.keys(), ...gone])].sort();
    if (ids.length === 0) return;
    const of = ids.map((id) => edits.get(id) ?? null);
    sql.send(KEEP, [
      instanceId,
      cleanText(conversationExternalId),
      toInstant(at),
      textArray(ids),
      instantArray(ids.map((id) => (gone.has(id) ? at : null))),
      instantArray(of.map((edit) => edit?.editedAt ?? null)),
      textArray(of.map((edit) => edit?.type ?? null)),
      textArray(of.map((edit) => cleanTextOrNull(edit?.text ?? null))),
      jsonArray(of.map((edit) => cleanJsonOrNull(edit?.payload))),
    ]);
  },

  applyWaiting: async (instanceId, { id, externalId }, readAt) =>
    sql.send(APPLY, [instanceId, cleanText(externalId), id, toInstantOrNull(readAt)]),

  moveWaiting: async (instanceId, alias, externalId) =>
    sql.send(MOVE, [instanceId, cleanText(alias), cleanText(externalId)]),
});

export const forgetWaitingChanges = (sql: Sql, before: number): Promise<number> =>
  sql.run('DELETE FROM waiting_changes WHERE waiting_since < $1', [toInstant(before)]);
