import type { ConversationId } from '../../domain/ids.ts';
import type { SyncTransaction } from '../../sync/store.ts';
import type { StepSql } from '../connection/sql.ts';
import { cleanText } from '../values/clean-text.ts';

type AliasWrites = Pick<
  SyncTransaction,
  'resolveAliases' | 'conversationsNamed' | 'renameSenders' | 'mergeConversations'
>;

const FIND = `
  SELECT gone.id AS gone, kept.id AS kept
  FROM conversations AS gone
  LEFT JOIN conversations AS kept ON kept.instance_id = gone.instance_id AND kept.external_id = $3
  WHERE gone.instance_id = $1 AND gone.external_id = $2`;

// A message that came under both ids is one message; a deletion that either row knows of stays known.
const MARK = `
  UPDATE omni_events AS held SET deleted_at = double.deleted_at
  FROM omni_events AS double
  WHERE held.conversation_id = $2 AND double.conversation_id = $1 AND double.external_id = held.external_id
    AND held.deleted_at IS NULL AND double.deleted_at IS NOT NULL`;

// The one that stays may be as it was before an edit that came under the other id.
const EDIT = `
  UPDATE omni_events AS held
  SET type = double.type, text = double.text, payload = double.payload, edited_at = double.edited_at
  FROM omni_events AS double
  WHERE held.conversation_id = $2 AND double.conversation_id = $1 AND double.external_id = held.external_id
    AND double.edited_at > coalesce(held.edited_at, '-infinity')`;

const MOVE = `
  WITH moved AS (
    UPDATE omni_events AS moving SET conversation_id = $2
    WHERE conversation_id = $1 AND NOT EXISTS (
      SELECT FROM omni_events AS held WHERE held.conversation_id = $2 AND held.external_id = moving.external_id)
    RETURNING 1)
  UPDATE conversations AS kept
  SET event_count = kept.event_count + (SELECT count(*) FROM moved), name = coalesce(kept.name, gone.name), removed_at = NULL
  FROM conversations AS gone WHERE kept.id = $2 AND gone.id = $1`;

/** Ids that turned out to be other names of what is known already. */
export const aliasStore = (sql: StepSql): AliasWrites => ({
  resolveAliases: async (instanceId, externalIds) => {
    const rows = await sql.rows<{ alias: string; externalId: string }>(
      `SELECT alias, external_id AS "externalId" FROM identity_aliases WHERE instance_id = $1 AND alias = ANY ($2::text[])`,
      [instanceId, externalIds.map(cleanText)],
    );
    return new Map(rows.map(({ alias, externalId }) => [alias, externalId]));
  },

  conversationsNamed: async (instanceId, externalIds) => {
    const rows = await sql.rows<{ externalId: string }>(
      `SELECT external_id AS "externalId" FROM conversations WHERE instance_id = $1 AND external_id = ANY ($2::text[])`,
      [instanceId, externalIds.map(cleanText)],
    );
    return rows.map(({ externalId }) => externalId);
  },

  renameSenders: async (instanceId, aliases) => {
    // The index is over the hash: both conditions, or it is not used. Own messages are not in it, and need no name.
    sql.send(
      `UPDATE omni_events AS held SET sender_id = learned.external_id
       FROM unnest($2::text[], $3::text[]) AS learned (alias, external_id)
       WHERE hashtextextended(held.sender_id, 0) = hashtextextended(learned.alias, 0) AND NOT held.is_from_me
         AND held.sender_id = learned.alias AND held.instance_id = $1`,
      [
        instanceId,
        aliases.map(({ alias }) => cleanText(alias)),
        aliases.map(({ externalId }) => cleanText(externalId)),
      ],
    );
  },

  mergeConversations: async (instanceId, alias, externalId) => {
    const [found] = await sql.rows<{ gone: ConversationId; kept: ConversationId | null }>(FIND, [
      instanceId,
      cleanText(alias),
      cleanText(externalId),
    ]);
    if (found === undefined) return null;
    const { gone, kept } = found;
    if (kept === null) {
      sql.send('UPDATE conversations SET external_id = $2 WHERE id = $1', [gone, cleanText(externalId)]);
      return null;
    }
    sql.send(MARK, [gone, kept]);
    sql.send(EDIT, [gone, kept]);
    sql.send(MOVE, [gone, kept]);
    sql.send('DELETE FROM omni_events WHERE conversation_id = $1', [gone]);
    sql.send('DELETE FROM spans WHERE conversation_id = $1', [gone]);
    sql.send('DELETE FROM conversations WHERE id = $1', [gone]);
    return { gone, kept };
  },
});
