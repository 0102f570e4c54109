import type { ConversationId, InstanceId } from '../../domain/ids.ts';
import type { StepSql } from '../connection/sql.ts';
import { waitingChangeStore } from './waiting-change-store.ts';

// A message that came under both ids is one message; a deletion that either row knows of stays known.
const MARK = `
  UPDATE omni_events AS held SET deleted_at = double.deleted_at
  FROM omni_events AS double
  WHERE held.conversation_id = $2 AND double.conversation_id = $1 AND double.external_id = ANY ($3::text[])
    AND double.external_id = held.external_id AND held.deleted_at IS NULL AND double.deleted_at IS NOT NULL`;

// The one that stays may be as it was before an edit that came under the other id.
const EDIT = `
  UPDATE omni_events AS held
  SET type = double.type, text = double.text, payload = double.payload, edited_at = double.edited_at
  FROM omni_events AS double
  WHERE held.conversation_id = $2 AND double.conversation_id = $1 AND double.external_id = ANY ($3::text[])
    AND double.external_id = held.external_id AND double.edited_at > coalesce(held.edited_at, '-infinity')`;

const MOVE = `
  WITH moved AS (
    UPDATE omni_events AS moving SET conversation_id = $2
    WHERE conversation_id = $1 AND external_id = ANY ($3::text[]) AND NOT EXISTS (
      SELECT FROM omni_events AS held WHERE held.conversation_id = $2 AND held.external_id = moving.external_id)
    RETURNING 1)
  UPDATE conversations SET event_count = event_count + (SELECT count(*) FROM moved) WHERE id = $2`;

const DOUBLES = 'DELETE FROM omni_events WHERE conversation_id = $1 AND external_id = ANY ($2::text[])';

/** What a conversation without messages counts for, so that a batch of empty ones ends too. */
const EMPTY = 10;

/**
 * Moves up to `limit` messages of one conversation that is being merged into the other, which keeps one of doubles;
 * with the last of them the conversation itself goes. Returns how much of the limit that was; null: nothing is being
 * merged.
 */
export const mergeBatch = async (sql: StepSql, instanceId: InstanceId, limit: number): Promise<number | null> => {
  const [pair] = await sql.rows<{ gone: ConversationId; kept: ConversationId; externalId: string }>(
    `SELECT gone.id AS gone, kept.id AS kept, kept.external_id AS "externalId"
     FROM conversations AS gone JOIN conversations AS kept ON kept.id = gone.merging_into
     WHERE gone.instance_id = $1 AND gone.merging_into IS NOT NULL ORDER BY gone.ordinal LIMIT 1`,
    [instanceId],
  );
  if (pair === undefined) return null;
  const { gone, kept, externalId } = pair;
  const rows = await sql.rows<{ externalId: string }>(
    `SELECT external_id AS "externalId" FROM omni_events WHERE conversation_id = $1 ORDER BY external_id LIMIT $2`,
    [gone, limit],
  );
  const ids = rows.map(({ externalId }) => externalId);
  if (ids.length > 0) {
    sql.send(MARK, [gone, kept, ids]);
    sql.send(EDIT, [gone, kept, ids]);
    sql.send(MOVE, [gone, kept, ids]);
    sql.send(DOUBLES, [gone, ids]);
  }
  if (ids.length < limit) {
    // Edits and deletions of messages that were still to come over.
    await waitingChangeStore(sql).applyWaiting(instanceId, { id: kept, externalId }, null);
    sql.send('DELETE FROM spans WHERE conversation_id = $1', [gone]);
    sql.send('DELETE FROM conversations WHERE id = $1', [gone]);
  } else {
    sql.send('UPDATE conversations SET event_count = greatest(0, event_count - $2) WHERE id = $1', [gone, ids.length]);
  }
  return Math.max(EMPTY, ids.length);
};
