import type { ChannelName } from '../../domain/channel-name.ts';
import type { OutboxEvent, WorldEvent } from '../../domain/event.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { OutboxStore } from '../../runtime/store/outbox-store.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Connection } from '../connection/sql.ts';
import { msOf, toInstant } from '../values/instants.ts';

interface OutboxRow {
  readonly id: number;
  readonly instanceId: InstanceId;
  readonly channel: ChannelName;
  readonly at: number;
  readonly event: WorldEvent;
}

const COLUMNS = `id::float8 AS id, instance_id AS "instanceId", channel, ${msOf('at')} AS at, event`;

const readOutbox = (connection: Connection, where: string, parameters: readonly unknown[]) =>
  persevere(
    (): Promise<readonly OutboxEvent[]> =>
      connection.query((sql) => sql.rows<OutboxRow>(`SELECT ${COLUMNS} FROM outbox WHERE ${where}`, parameters)),
  );

/**
 * Ids are given before the commit, so one may become visible after a higher one of another instance. `unsent` goes
 * by what was not sent, and `since` by a job, whose steps are serial: neither can skip a row. Raw SQL: the publisher
 * asks over and over, and hands its ids over as one array.
 */
export const outboxStore = (connection: Connection): OutboxStore => ({
  unsent: (partitions, limit) =>
    readOutbox(
      connection,
      `sent_at IS NULL AND instance_id IN (SELECT id FROM omni_instances WHERE partition = ANY($1::smallint[]))
       ORDER BY outbox.id LIMIT $2`,
      [partitions, limit],
    ),

  markSent: (ids, at) =>
    persevere(() =>
      connection.query((sql) =>
        sql.run('UPDATE outbox SET sent_at = $2 WHERE id = ANY($1::bigint[]) AND sent_at IS NULL', [
          ids,
          toInstant(at),
        ]),
      ),
    ),

  since: (jobId, afterId, limit) =>
    readOutbox(connection, 'job_id = $1 AND outbox.id > $2 ORDER BY outbox.id LIMIT $3', [jobId, afterId, limit]),
});
