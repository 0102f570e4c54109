import type { Fence } from '../../runtime/fence.ts';
import type { LeaseStore, LiveNode, Renewal, SnapshotNeed } from '../../runtime/store/lease-store.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Connection } from '../connection/sql.ts';

const CLAIMED = 'RETURNING partition::int AS partition, epoch::float8 AS epoch';

/** The snapshots that an owner of partitions has to read. */
const snapshotsOf = (instances: string) => `
  SELECT instance.partition, snapshot.machine, snapshot.version FROM omni_instances AS instance
  JOIN (
    SELECT instance_id, machine, version FROM actor_snapshots
    UNION ALL
    SELECT instance_id, machine, machine_version FROM sync_jobs
    WHERE machine IS NOT NULL AND status IN ('pending', 'waiting', 'running', 'paused')
  ) AS snapshot ON snapshot.instance_id = instance.id
  WHERE ${instances}`;

const NEEDS = `
  SELECT partition::int AS partition, machine, max(version)::int AS version
  FROM (${snapshotsOf('instance.partition = ANY ($1::smallint[])')}) AS snapshots
  GROUP BY partition, machine`;

const ROSTER = `
  SELECT node_id AS "nodeId", versions, (
    SELECT coalesce(jsonb_agg(jsonb_build_object('partition', partition, 'epoch', epoch) ORDER BY partition), '[]')
    FROM partitions WHERE partitions.node_id = nodes.node_id) AS fences
  FROM nodes WHERE lease_until > clock_timestamp()`;

/**
 * A partition is free when nobody has it, or its node's lease has run out by the clock of the database; or when it
 * is down as ours and we do not hold it: we put it down when the lease was lost, or never heard that a claim had
 * succeeded. One with a snapshot from a newer build waits for a node that can read it.
 */
const CLAIM = `
  UPDATE partitions SET node_id = $1, epoch = epoch + 1
  WHERE partition IN (
    SELECT partition FROM partitions
    WHERE (
        NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.node_id = partitions.node_id AND lease_until > clock_timestamp())
        OR (node_id = $1 AND partition <> ALL ($5::smallint[])))
      AND partition = ANY ($2::smallint[])
      AND NOT EXISTS (
        SELECT 1 FROM (${snapshotsOf('instance.partition = partitions.partition')}) AS snapshot
        LEFT JOIN unnest($3::text[], $4::int[]) AS known (machine, version) ON known.machine = snapshot.machine
        WHERE known.version IS NULL OR snapshot.version > known.version)
    ORDER BY partition
    FOR UPDATE SKIP LOCKED)
  ${CLAIMED}`;

const DISOWN = `
  UPDATE partitions SET node_id = NULL, epoch = epoch + 1
  WHERE partition IN (
    SELECT partition FROM partitions
    WHERE node_id = $1 AND partition <> ALL ($2::smallint[])
    ORDER BY partition
    FOR UPDATE SKIP LOCKED)`;

/**
 * Skips nothing: whoever still holds a row in a step is waited for, and the step of a former owner then finds a new
 * epoch.
 */
const CLAIM_ALL = `UPDATE partitions SET node_id = $1, epoch = epoch + 1 ${CLAIMED}`;

interface RosterRow extends Omit<LiveNode, 'versions'> {
  readonly versions: Readonly<Record<string, number>>;
}

/**
 * Raw SQL: what counts is the clock of the database, and that each takeover is one statement. What a node needs to
 * keep its partitions goes through `apart`, so that work which fills the pool cannot cost it them.
 */
export const leaseStore = (connection: Connection, apart: Connection['query']): LeaseStore => {
  const fences = (query: Connection['query'], statement: string, parameters: readonly unknown[]) =>
    persevere((): Promise<readonly Fence[]> => query((sql) => sql.rows<Fence>(statement, parameters)));
  return {
    renew: (nodeId, leaseMs, versions) =>
      persevere(async () => {
        const [row] = await apart((sql) =>
          sql.rows<Renewal>(
            `WITH before AS (SELECT lease_until > clock_timestamp() AS lives FROM nodes WHERE node_id = $1)
             INSERT INTO nodes (node_id, lease_until, versions)
             VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond', $3::jsonb)
             ON CONFLICT (node_id) DO UPDATE SET lease_until = excluded.lease_until, versions = excluded.versions
             RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "databaseMs",
               coalesce((SELECT lives FROM before), false) AS "wasLive"`,
            [nodeId, leaseMs, JSON.stringify(Object.fromEntries(versions))],
          ),
        );
        if (row === undefined) throw new Error('A lease was written and nothing said of it');
        return row;
      }),
    liveNodes: persevere(() =>
      apart(async (sql) => {
        const [row] = await sql.rows<{ live: number }>(
          'SELECT count(*)::int AS live FROM nodes WHERE lease_until > clock_timestamp()',
          [],
        );
        return row?.live ?? 0;
      }),
    ),
    roster: persevere(() =>
      apart(async (sql) => {
        const rows = await sql.rows<RosterRow>(ROSTER, []);
        return rows.map((row) => ({ ...row, versions: new Map(Object.entries(row.versions)) }));
      }),
    ),
    needs: (partitions) => persevere(() => apart((sql) => sql.rows<SnapshotNeed>(NEEDS, [partitions]))),
    claim: (nodeId, held, wanted, versions) =>
      fences(apart, CLAIM, [nodeId, wanted, [...versions.keys()], [...versions.values()], held]),
    claimAll: (nodeId) => fences(connection.query, CLAIM_ALL, [nodeId]),
    release: (nodeId, held) =>
      persevere(async () => {
        await connection.query((sql) =>
          sql.run(
            `UPDATE partitions SET node_id = NULL
             FROM unnest($2::smallint[], $3::bigint[]) AS held (partition, epoch)
             WHERE partitions.partition = held.partition AND partitions.epoch = held.epoch AND node_id = $1`,
            [nodeId, held.map((fence) => fence.partition), held.map((fence) => fence.epoch)],
          ),
        );
      }),
    disown: (nodeId, held) =>
      persevere(async () => {
        await apart((sql) => sql.run(DISOWN, [nodeId, held]));
      }),
    leave: (nodeId) =>
      persevere(async () => {
        await connection.query((sql) => sql.run('UPDATE partitions SET node_id = NULL WHERE node_id = $1', [nodeId]));
        await connection.query((sql) => sql.run('DELETE FROM nodes WHERE node_id = $1', [nodeId]));
      }),
  };
};
