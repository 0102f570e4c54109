import type { ConversationId } from '../../domain/ids.ts';
import type { SyncTransaction } from '../../sync/store.ts';
import type { StepSql } from '../connection/sql.ts';
import { cleanText } from '../values/clean-text.ts';
import { mergeBatch } from './merge-batch.ts';
import { renameBatch } from './rename-batch.ts';

type AliasWrites = Pick<SyncTransaction, 'resolveAliases' | 'conversationsNamed' | 'mergeConversations' | 'bringOver'>;

const FIND = `
  SELECT gone.id AS gone, kept.id AS kept
  FROM conversations AS gone
  LEFT JOIN conversations AS kept ON kept.instance_id = gone.instance_id AND kept.external_id = $3
  WHERE gone.instance_id = $1 AND gone.external_id = $2 AND gone.merging_into IS NULL`;

// What was on its way to the one that goes is on its way to the one that stays.
const LEAD_ON = 'UPDATE conversations SET merging_into = $2 WHERE instance_id = $3 AND merging_into = $1';

const MERGE = `
  WITH gone AS (
    UPDATE conversations SET merging_into = $2, removed_at = coalesce(removed_at, now()) WHERE id = $1 RETURNING name
  )
  UPDATE conversations AS kept SET name = coalesce(kept.name, gone.name), removed_at = NULL
  FROM gone WHERE kept.id = $2`;

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
      `SELECT external_id AS "externalId" FROM conversations
       WHERE instance_id = $1 AND external_id = ANY ($2::text[]) AND merging_into IS NULL`,
      [instanceId, externalIds.map(cleanText)],
    );
    return rows.map(({ externalId }) => externalId);
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
    sql.send(LEAD_ON, [gone, kept, instanceId]);
    sql.send(MERGE, [gone, kept]);
    sql.send('DELETE FROM spans WHERE conversation_id = $1', [gone]);
    return { gone, kept };
  },

  bringOver: async (instanceId, limit) => {
    for (let left = limit; left > 0; ) {
      const merged = await mergeBatch(sql, instanceId, left);
      if (merged === null) return renameBatch(sql, instanceId, left);
      left -= merged;
    }
    return true;
  },
});
