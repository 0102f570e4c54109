import type { ListedMember } from '../../domain/group.ts';
import type { GroupId, InstanceId } from '../../domain/ids.ts';
import type { PeopleTransaction } from '../../sync/people/people-store.ts';
import type { StoredCounts } from '../../sync/stored-counts.ts';
import type { StepSql } from '../connection/sql.ts';
import { instantArray, textArray } from '../values/binary-array.ts';
import { cleanNameOrNull, cleanText } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';
import { planAnew } from './plan-anew.ts';
import { noteSeen } from './survey-store.ts';

/** The group, and the ids by which its members are held. Without a group there is no row. */
const RESOLVE = `
  SELECT its.id, (
    SELECT json_agg(json_build_array(alias.alias, alias.external_id)) FROM identity_aliases AS alias
    WHERE alias.instance_id = $1 AND alias.alias = ANY($3::text[])) AS aliases
  FROM omni_groups AS its WHERE its.instance_id = $1 AND its.external_id = $2`;

interface Resolved {
  readonly id: GroupId;
  readonly aliases: readonly (readonly [string, string])[] | null;
}

const UPSERT = `
  WITH written AS (
    INSERT INTO group_members AS held (group_id, updated_at, contact_external_id, role, nick, joined_at)
    SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[])
    ON CONFLICT (group_id, contact_external_id) DO UPDATE
    SET role = excluded.role, nick = excluded.nick, joined_at = coalesce(excluded.joined_at, held.joined_at),
        left_at = NULL, updated_at = excluded.updated_at
    WHERE held.left_at IS NOT NULL OR (held.role, held.nick) IS DISTINCT FROM (excluded.role, excluded.nick)
      OR (excluded.joined_at IS NOT NULL AND held.joined_at IS DISTINCT FROM excluded.joined_at)
    RETURNING (held.xmax = 0) AS inserted
  )
  SELECT (count(*) FILTER (WHERE inserted))::float8 AS stored, (count(*) FILTER (WHERE NOT inserted))::float8 AS updated
  FROM written`;

const LEAVE = 'UPDATE group_members SET left_at = $3, updated_at = $3 WHERE group_id = $1 AND left_at IS NULL';

type MemberWrites = Pick<PeopleTransaction, 'storeMembers' | 'markMembersLeft'>;

export const memberStore = (sql: StepSql): MemberWrites => {
  const resolve = async (instanceId: InstanceId, groupExternalId: string, listedAs: readonly string[]) => {
    planAnew(sql);
    const [found] = await sql.rows<Resolved>(RESOLVE, [instanceId, cleanText(groupExternalId), listedAs]);
    if (found === undefined) return null;
    const aliases = new Map(found.aliases ?? []);
    return { groupId: found.id, heldAs: (id: string): string => aliases.get(id) ?? id };
  };
  const upsert = async (groupId: GroupId, set: readonly (readonly [string, ListedMember])[], at: number) => {
    const [counts] = await sql.rows<Omit<StoredCounts, 'duplicates'>>(UPSERT, [
      groupId,
      toInstant(at),
      textArray(set.map(([externalId]) => externalId)),
      textArray(set.map(([, { role }]) => role)),
      textArray(set.map(([, { nick }]) => cleanNameOrNull(nick))),
      instantArray(set.map(([, { joinedAt }]) => joinedAt)),
    ]);
    if (counts === undefined) throw new Error('The upsert of members returned no counts');
    return counts;
  };

  return {
    storeMembers: async (instanceId, groupExternalId, members, at, completeness = null) => {
      const listedAs = members.map(({ contactExternalId }) => cleanText(contactExternalId));
      const group = await resolve(instanceId, groupExternalId, listedAs);
      if (group === null) return { stored: 0, updated: 0, duplicates: members.length };
      const { groupId, heldAs } = group;
      const set = [
        ...new Map(members.map((one): [string, ListedMember] => [heldAs(cleanText(one.contactExternalId)), one])),
      ].sort(([a], [b]) => (a < b ? -1 : 1));
      const externalIds = set.map(([externalId]) => externalId);
      const { stored, updated } = await upsert(groupId, set, at);
      const duplicates = members.length - stored - updated;
      if (completeness === 'all') {
        const parameters = [groupId, externalIds, toInstant(at)];
        const left = await sql.run(`${LEAVE} AND NOT (contact_external_id = ANY($2::text[]))`, parameters);
        return { stored, duplicates, updated: updated + left };
      }
      if (completeness !== null)
        noteSeen(sql, instanceId, completeness, 'member', cleanText(groupExternalId), externalIds);
      return { stored, duplicates, updated };
    },

    markMembersLeft: async (instanceId, groupExternalId, contactExternalIds, at) => {
      const listedAs = contactExternalIds.map(cleanText);
      const group = await resolve(instanceId, groupExternalId, listedAs);
      if (group === null) return 0;
      const parameters = [group.groupId, listedAs.map(group.heldAs), toInstant(at)];
      return sql.run(`${LEAVE} AND contact_external_id = ANY($2::text[])`, parameters);
    },
  };
};
