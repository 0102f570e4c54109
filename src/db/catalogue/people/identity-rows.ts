import type { InferEntity } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { displayNameOf } from '../../../domain/contact.ts';
import type { IdentityView } from '../../../domain/person-view.ts';
import { IdentityAliasEntity } from '../../entities/identity-alias-entity.ts';
import type { IdentityEntity } from '../../entities/identity-entity.ts';
import type { Row } from '../../values/row.ts';

/** Without the column in which they are searched. */
export const IDENTITY_FIELDS = [
  'id',
  'instanceId',
  'personId',
  'channel',
  'externalId',
  'phone',
  'handle',
  'savedName',
  'verifiedName',
  'pushedName',
  'isBot',
  'metadata',
  'firstLinkedBy',
  'pinned',
  'createdAt',
  'updatedAt',
  'removedAt',
] as const;

export type IdentityRow = Row<typeof IdentityEntity, (typeof IDENTITY_FIELDS)[number]>;

const viewOf = (row: IdentityRow, aliases: readonly string[]): IdentityView => {
  const names = { saved: row.savedName ?? null, verified: row.verifiedName ?? null, pushed: row.pushedName ?? null };
  const { handle = null, phone = null } = row;
  return {
    id: row.id,
    instanceId: row.instanceId,
    channel: row.channel,
    externalId: row.externalId,
    aliases,
    personId: row.personId,
    name: displayNameOf({ names, handle, phone }),
    names,
    handle,
    phone,
    isBot: row.isBot,
    metadata: row.metadata,
    firstLinkedBy: row.firstLinkedBy,
    pinned: row.pinned,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    removedAt: row.removedAt?.toISOString() ?? null,
  };
};

const keyOf = ({ instanceId, externalId }: Pick<InferEntity<typeof IdentityEntity>, 'instanceId' | 'externalId'>) =>
  `${instanceId}/${externalId}`;

/** With the aliases of all of them, in one query. */
export const identityViews = async (
  em: SqlEntityManager,
  rows: readonly IdentityRow[],
): Promise<readonly IdentityView[]> => {
  if (rows.length === 0) return [];
  const instanceIds = [...new Set(rows.map(({ instanceId }) => instanceId))];
  const externalIds = [...new Set(rows.map(({ externalId }) => externalId))];
  const aliases = await em.find(
    IdentityAliasEntity,
    { instanceId: { $in: instanceIds }, externalId: { $in: externalIds } },
    { orderBy: { alias: 'asc' }, disableIdentityMap: true },
  );
  const byAccount = Map.groupBy(aliases, keyOf);
  return rows.map((row) =>
    viewOf(
      row,
      (byAccount.get(keyOf(row)) ?? []).map(({ alias }) => alias),
    ),
  );
};
