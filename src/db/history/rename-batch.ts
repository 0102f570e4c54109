import type { InstanceId } from '../../domain/ids.ts';
import type { StepSql } from '../connection/sql.ts';

const ALIASES_AT_ONCE = 50;

const DUE = `
  SELECT alias FROM identity_aliases
  WHERE instance_id = $1 AND renaming_below IS NOT NULL ORDER BY alias LIMIT ${ALIASES_AT_ONCE}`;

/*
 * Of each alias the next messages downwards, as the index has them: by the hash of the sender, of whatever instance.
 * The place is kept, so that those of others, and those that are renamed already, are looked at once. Messages of one
 * instant are looked at together. Own messages are not in the index, and need no name.
 */
const RENAME = `
  WITH due AS (
    SELECT alias, external_id AS name, renaming_below AS below FROM identity_aliases
    WHERE instance_id = $1 AND alias = ANY ($2::text[])
  ), batch AS (
    SELECT due.alias, due.name, held.* FROM due CROSS JOIN LATERAL (
      SELECT conversation_id, external_id, timestamp, instance_id, sender_id FROM omni_events
      WHERE hashtextextended(sender_id, 0) = hashtextextended(due.alias, 0) AND NOT is_from_me AND timestamp < due.below
      ORDER BY timestamp DESC FETCH FIRST $3 ROWS WITH TIES) AS held
  ), renamed AS (
    UPDATE omni_events AS held SET sender_id = batch.name FROM batch
    WHERE held.conversation_id = batch.conversation_id AND held.external_id = batch.external_id
      AND batch.instance_id = $1 AND batch.sender_id = batch.alias
  ), reached AS (
    SELECT alias, CASE WHEN count(timestamp) >= $3 THEN min(timestamp) END AS place
    FROM due LEFT JOIN batch USING (alias) GROUP BY alias
  )
  UPDATE identity_aliases AS held SET renaming_below = reached.place FROM reached
  WHERE held.instance_id = $1 AND held.alias = reached.alias
  RETURNING held.renaming_below IS NOT NULL AS more`;

/**
 * Has up to about `limit` messages that name their sender by an alias name it by the id that counts. Returns whether
 * there may be more.
 */
export const renameBatch = async (sql: StepSql, instanceId: InstanceId, limit: number): Promise<boolean> => {
  const due = await sql.rows<{ alias: string }>(DUE, [instanceId]);
  if (due.length === 0) return false;
  const each = Math.ceil(limit / due.length);
  const aliases = due.map(({ alias }) => alias);
  const reached = await sql.rows<{ more: boolean }>(RENAME, [instanceId, aliases, each]);
  return due.length === ALIASES_AT_ONCE || reached.some(({ more }) => more);
};
