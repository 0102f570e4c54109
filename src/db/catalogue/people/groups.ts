import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { displayNameOf } from '../../../domain/contact.ts';
import { Refused } from '../../../domain/errors.ts';
import type { GroupView, MemberView } from '../../../domain/group-view.ts';
import type { GroupId, InstanceId } from '../../../domain/ids.ts';
import type { PeopleCatalogue } from '../../../sync/people/people.ts';
import type { EntityConnection } from '../../connection/entity-connection.ts';
import { persevere } from '../../connection/query-failure.ts';
import { GroupEntity } from '../../entities/group-entity.ts';
import { GroupMemberEntity } from '../../entities/group-member-entity.ts';
import { IdentityEntity } from '../../entities/identity-entity.ts';
import { cleanText } from '../../values/clean-text.ts';
import { pageOf } from '../../values/keyset-cursor.ts';
import { isRefused } from '../../values/refusals.ts';
import type { Row } from '../../values/row.ts';
import { given } from '../given.ts';
import { readInstance } from '../instances.ts';
import { searchPattern } from '../search-pattern.ts';
import { peopleTerm, searchTerm } from '../search-term.ts';
import { ExternalKey, matchingContacts } from './contacts.ts';

const FIELDS = [
  'id',
  'instanceId',
  'externalId',
  'kind',
  'parentExternalId',
  'ownerExternalId',
  'name',
  'description',
  'memberCount',
  'metadata',
  'platformCreatedAt',
  'updatedAt',
  'removedAt',
] as const;

const viewOf = (row: Row<typeof GroupEntity, (typeof FIELDS)[number]>): GroupView => ({
  id: row.id,
  instanceId: row.instanceId,
  externalId: row.externalId,
  kind: row.kind,
  parentExternalId: row.parentExternalId ?? null,
  name: row.name ?? null,
  description: row.description ?? null,
  ownerExternalId: row.ownerExternalId ?? null,
  memberCount: row.memberCount ?? null,
  metadata: row.metadata,
  createdAt: row.platformCreatedAt?.toISOString() ?? null,
  updatedAt: row.updatedAt.toISOString(),
  leftAt: row.removedAt?.toISOString() ?? null,
});

/** By a part of name or description, or by the platform's whole id. */
const matches = (search: string | undefined) => {
  if (search === undefined) return {};
  const term = searchTerm(search);
  const pattern = searchPattern(term);
  return {
    $or: [{ name: { $ilike: pattern } }, { description: { $ilike: pattern } }, { externalId: term }],
  };
};

const beyondId = (cursor: string | null): string | undefined => {
  const after = ExternalKey.read(cursor);
  return after === null ? undefined : cleanText(after.externalId);
};

const refuseForeign = async (em: SqlEntityManager, instanceId: InstanceId, id: GroupId): Promise<void> => {
  if ((await em.count(GroupEntity, { id, instanceId })) > 0) return;
  throw new Refused({
    status: 404,
    code: 'group_not_found',
    message: `Instance ${instanceId} has no group ${id}; GET /api/v2/instances/${instanceId}/groups lists what it has`,
    details: { field: 'groupId' },
  });
};

const IDENTITY_FIELDS = [
  'id',
  'personId',
  'externalId',
  'handle',
  'phone',
  'savedName',
  'verifiedName',
  'pushedName',
] as const;

type MemberRow = Row<
  typeof GroupMemberEntity,
  'groupId' | 'contactExternalId' | 'role' | 'nick' | 'joinedAt' | 'leftAt'
>;
type ContactRow = Row<typeof IdentityEntity, (typeof IDENTITY_FIELDS)[number]>;

const memberOf = (row: MemberRow, contact: ContactRow | undefined): MemberView => ({
  groupId: row.groupId,
  externalId: row.contactExternalId,
  role: row.role,
  nick: row.nick ?? null,
  joinedAt: row.joinedAt?.toISOString() ?? null,
  leftAt: row.leftAt?.toISOString() ?? null,
  identityId: contact?.id ?? null,
  personId: contact?.personId ?? null,
  name:
    contact === undefined
      ? null
      : displayNameOf({
          names: {
            saved: contact.savedName ?? null,
            verified: contact.verifiedName ?? null,
            pushed: contact.pushedName ?? null,
          },
          handle: contact.handle ?? null,
          phone: contact.phone ?? null,
        }),
});

/** By what contacts are found by, or by a part of what the member is called in the group. */
const matchingMembers = (em: SqlEntityManager, instanceId: InstanceId, search: string | undefined) => {
  if (search === undefined) return {};
  const found = em
    .createQueryBuilder(IdentityEntity)
    .select('externalId')
    .where({ instanceId, ...matchingContacts(search) });
  return {
    $or: [
      { nick: { $ilike: searchPattern(peopleTerm(search)) } },
      { contactExternalId: searchTerm(search) },
      { contactExternalId: { $in: found } },
    ],
  };
};

/** In the order of external ids. */
export const groupCatalogue = (connection: EntityConnection): Pick<PeopleCatalogue, 'groups' | 'members'> => ({
  groups: (instanceId, { search, kind, includeLeft = false }, page) =>
    persevere(
      () =>
        connection.entities(async (em) => {
          await readInstance(em, instanceId);
          const rows = await em.find(
            GroupEntity,
            {
              instanceId,
              externalId: given({ $gt: beyondId(page.cursor) }),
              ...given({ kind }),
              ...(includeLeft ? {} : { removedAt: null }),
              ...matches(search),
            },
            { fields: FIELDS, orderBy: { externalId: 'asc' }, limit: page.limit + 1, disableIdentityMap: true },
          );
          return pageOf(rows, page.limit, viewOf, ({ externalId }) => ExternalKey.write({ externalId }));
        }),
      isRefused,
    ),

  members: (instanceId, groupId, { search, includeLeft = false }, page) =>
    persevere(
      () =>
        connection.entities(async (em) => {
          await readInstance(em, instanceId);
          await refuseForeign(em, instanceId, groupId);
          const rows = await em.find(
            GroupMemberEntity,
            {
              groupId,
              contactExternalId: given({ $gt: beyondId(page.cursor) }),
              ...(includeLeft ? {} : { leftAt: null }),
              ...matchingMembers(em, instanceId, search),
            },
            { orderBy: { contactExternalId: 'asc' }, limit: page.limit + 1, disableIdentityMap: true },
          );
          const contacts = await em.find(
            IdentityEntity,
            { instanceId, externalId: { $in: rows.map(({ contactExternalId }) => contactExternalId) } },
            { fields: IDENTITY_FIELDS, disableIdentityMap: true },
          );
          const byId = new Map(contacts.map((contact) => [contact.externalId, contact]));
          return pageOf(
            rows,
            page.limit,
            (row) => memberOf(row, byId.get(row.contactExternalId)),
            ({ contactExternalId }) => ExternalKey.write({ externalId: contactExternalId }),
          );
        }),
      isRefused,
    ),
});
