import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Schema } from 'effect';
import { InstanceId } from '../../domain/ids.ts';
import type { InstanceView } from '../../domain/instance.ts';
import type { Catalogue } from '../../sync/catalogue.ts';
import type { EntityConnection } from '../connection/entity-connection.ts';
import { persevere } from '../connection/query-failure.ts';
import { InstanceEntity } from '../entities/instance-entity.ts';
import { PushEntity } from '../entities/push-entity.ts';
import { beyond } from '../values/beyond.ts';
import { toIso } from '../values/instants.ts';
import { keysetCursor, pageOf } from '../values/keyset-cursor.ts';
import { isRefused, noInstance } from '../values/refusals.ts';
import type { Row } from '../values/row.ts';
import { given } from './given.ts';

const FIELDS = ['id', 'name', 'channel', 'state', 'account', 'error', 'createdAt'] as const;

type InstanceRow = Row<typeof InstanceEntity, (typeof FIELDS)[number]>;

const viewOf = ({ id, name, channel, state, account, error, createdAt }: InstanceRow): InstanceView => ({
  id,
  name,
  channel,
  state,
  account: account ?? null,
  error: error ? { ...error, at: toIso(error.at) } : null,
  createdAt: createdAt.toISOString(),
});

/** Throws `Refused` for an instance that does not exist, or is being removed. */
export const readInstance = async (em: SqlEntityManager, id: InstanceId): Promise<InstanceView> => {
  const row = await em.findOne(InstanceEntity, { id, removingAt: null }, { fields: FIELDS, disableIdentityMap: true });
  if (row === null) throw noInstance(id);
  return viewOf(row);
};

const InstanceKey = keysetCursor(Schema.Struct({ createdAt: Schema.Number, id: InstanceId }));

/** In the order in which they were made. */
export const instanceCatalogue = (
  connection: EntityConnection,
): Pick<Catalogue, 'instances' | 'instance' | 'pushes'> => ({
  instance: (id) => persevere(() => connection.entities((em) => readInstance(em, id)), isRefused),
  pushes: (id) =>
    persevere(() =>
      connection.entities(async (em) => {
        const waiting = await em.count(PushEntity, { instanceId: id, setAsideAt: null });
        const setAside = await em.count(PushEntity, { instanceId: id, setAsideAt: { $ne: null } });
        const [failed] = await em.find(
          PushEntity,
          { instanceId: id, failure: { $ne: null } },
          { fields: ['failure'], orderBy: { id: 'desc' }, limit: 1, disableIdentityMap: true },
        );
        return { waiting, setAside, failure: failed?.failure ?? null };
      }),
    ),
  instances: ({ channel }, page) =>
    persevere(async () => {
      const after = InstanceKey.read(page.cursor);
      const rows = await connection.entities((em) =>
        em.find(
          InstanceEntity,
          {
            removingAt: null,
            ...given({ channel }),
            ...beyond('created_at, id', 'after', after && { at: after.createdAt, id: after.id }),
          },
          {
            fields: FIELDS,
            orderBy: { createdAt: 'asc', id: 'asc' },
            limit: page.limit + 1,
            disableIdentityMap: true,
          },
        ),
      );
      return pageOf(rows, page.limit, viewOf, ({ createdAt, id }) =>
        InstanceKey.write({ createdAt: createdAt.getTime(), id }),
      );
    }, isRefused),
});
