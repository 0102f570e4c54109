import type { InstanceId } from '../../domain/ids.ts';
import type { RemovalStore } from '../../runtime/store/removal-store.ts';
import { persevere } from '../connection/query-failure.ts';
import type { Connection } from '../connection/sql.ts';

const TO_LET_GO = `
  SELECT id FROM omni_instances
  WHERE partition = ANY ($1::smallint[]) AND removing_at IS NOT NULL AND let_go_at IS NULL
  UNION
  SELECT id FROM unnest($2::uuid[]) AS living (id)
  WHERE NOT EXISTS (SELECT FROM omni_instances AS held WHERE held.id = living.id AND removing_at IS NULL)`;

const LET_GO = `
  UPDATE omni_instances AS held SET let_go_at = clock_timestamp()
  FROM unnest($2::smallint[], $3::bigint[]) AS owned (partition, epoch)
  JOIN partitions USING (partition, epoch)
  WHERE held.id = ANY ($1::uuid[]) AND held.partition = owned.partition AND removing_at IS NOT NULL`;

/** Raw SQL: two statements of the sweeper, over sets. */
export const letGoStore = (connection: Connection): RemovalStore => ({
  toLetGo: (partitions, living) =>
    persevere(async () => {
      const rows = await connection.query((sql) => sql.rows<{ id: InstanceId }>(TO_LET_GO, [partitions, living]));
      return rows.map(({ id }) => id);
    }),
  letGo: (fences, ids) =>
    persevere(async () => {
      const [partitions, epochs] = [fences.map(({ partition }) => partition), fences.map(({ epoch }) => epoch)];
      await connection.query((sql) => sql.run(LET_GO, [ids, partitions, epochs]));
    }),
});
