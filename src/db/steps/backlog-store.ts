import type { Backlog, BacklogStore } from '../../runtime/store/backlog-store.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Connection } from '../connection/sql.ts';

const BACKLOG = `
  SELECT
    (SELECT coalesce(sum(next_seq - 1 - last_seq), 0)::float8 FROM omni_instances
     WHERE partition = ANY ($1::smallint[]) AND removing_at IS NULL) AS "openCommands",
    (SELECT count(*)::float8 FROM outbox JOIN omni_instances ON omni_instances.id = outbox.instance_id
     WHERE sent_at IS NULL AND partition = ANY ($1::smallint[])) AS "unsentEvents",
    (SELECT count(*)::int FROM partitions WHERE NOT EXISTS (
       SELECT 1 FROM nodes WHERE nodes.node_id = partitions.node_id AND lease_until > clock_timestamp())) AS unowned`;

/** Raw SQL: sums over whole tables, of which no row is wanted. */
export const backlogStore =
  (connection: Connection): BacklogStore =>
  (partitions) =>
    persevere(() =>
      connection.query(async (sql) => {
        const [row] = await sql.rows<Backlog>(BACKLOG, [partitions]);
        if (row === undefined) throw new Error('Sums without a row');
        return row;
      }),
    );
