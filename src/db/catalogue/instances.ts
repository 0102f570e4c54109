import { Schema } from 'effect';
import type { ChannelName } from '../../domain/channel-name.ts';
import { InstanceId } from '../../domain/ids.ts';
import type { InstanceError, InstanceView } from '../../domain/instance.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import { msOf, toInstant, toIso } from '../instants.ts';
import { keysetCursor, pageOf } from '../keyset-cursor.ts';
import { persevere } from '../query-failure.ts';
import { isRefused, noInstance } from '../refusals.ts';
import type { Connection, Sql } from '../sql.ts';

interface InstanceRow extends Omit<InstanceView, 'error' | 'createdAt'> {
  readonly error: InstanceError | null;
  readonly createdAt: number;
}

const COLUMNS = `id, name, channel, state, account, error, ${msOf('created_at')} AS "createdAt"`;

const viewOf = (row: InstanceRow): InstanceView => ({
  ...row,
  error: row.error === null ? null : { ...row.error, at: toIso(row.error.at) },
  createdAt: toIso(row.createdAt),
});

/** Throws `Refused` for an instance that does not exist, or is being removed. */
export const readInstance = async (sql: Sql, id: InstanceId): Promise<InstanceView> => {
  const [row] = await sql.rows<InstanceRow>(
    `SELECT ${COLUMNS} FROM omni_instances WHERE id = $1 AND removing_at IS NULL`,
    [id],
  );
  if (row === undefined) throw noInstance(id);
  return viewOf(row);
};

const InstanceKey = keysetCursor(Schema.Struct({ createdAt: Schema.Number, id: InstanceId }));

const LIST = `
  SELECT ${COLUMNS} FROM omni_instances
  WHERE removing_at IS NULL AND ($1::text IS NULL OR channel = $1)
    AND ($2::timestamptz IS NULL OR (omni_instances.created_at, omni_instances.id) > ($2, $3::uuid))
  ORDER BY omni_instances.created_at, omni_instances.id LIMIT $4`;

/** In the order in which they were made. */
export const instanceCatalogue = (connection: Connection): Pick<Catalogue, 'instances' | 'instance'> => ({
  instance: (id) => persevere(() => connection.query((sql) => readInstance(sql, id)), isRefused),
  instances: (filter: { readonly channel?: ChannelName }, page) =>
    persevere(async () => {
      const after = InstanceKey.read(page.cursor);
      const rows = await connection.query((sql) =>
        sql.rows<InstanceRow>(LIST, [
          filter.channel ?? null,
          after === null ? null : toInstant(after.createdAt),
          after?.id ?? null,
          page.limit + 1,
        ]),
      );
      return pageOf(rows, page.limit, viewOf, ({ createdAt, id }) => InstanceKey.write({ createdAt, id }));
    }, isRefused),
});
