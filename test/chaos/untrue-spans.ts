import type { Cluster } from '../harness/cluster.ts';

/**
 * Messages of the platform that lie within a span and are not stored, at one instant in the middle of everything.
 * The truth is read first: what is written after it may be missing from it, and never from what is held.
 */
export const untrueSpans = async (cluster: Cluster): Promise<readonly string[]> => {
  const truth = cluster.discord.world.bots.flatMap(({ token }) => [...cluster.discord.groundTruth(token)]);
  const rows = truth.map(({ channelId, messageId }) => `('${channelId}',${messageId})`).join(',');
  const found = await cluster.sql<{ readonly found: string }>(`
    WITH truth (channel, id) AS (VALUES ${rows})
    SELECT format('%s of %s', truth.id, truth.channel) AS found
    FROM truth
    JOIN conversations AS held ON held.external_id = truth.channel
    JOIN spans ON spans.conversation_id = held.id
      AND truth.id BETWEEN spans.oldest_external_id::bigint AND spans.newest_external_id::bigint
    LEFT JOIN omni_events AS event ON event.conversation_id = held.id AND event.external_id = truth.id::text
    WHERE event.id IS NULL`);
  return found.map((row) => row.found);
};
