import type { AmendedGroup, ListedGroup } from '../../domain/group.ts';
import type { PeopleTransaction } from '../../sync/people/people-store.ts';
import type { StepSql } from '../connection/sql.ts';
import { boolArray, jsonArray, textArray } from '../values/binary-array.ts';
import { cleanJson, cleanNameOrNull, cleanText, cleanTextOrNull } from '../values/clean-text.ts';
import { toInstant, toInstantOrNull } from '../values/instants.ts';
import { noteSeen } from './survey-store.ts';

// What the platform does not tell about the past stays as it is held.
const UPSERT = `
  WITH written AS (
    INSERT INTO omni_groups AS held (
      instance_id, created_at, updated_at, external_id, kind, parent_external_id, owner_external_id, name, description,
      metadata, platform_created_at, member_count)
    SELECT $1, $2, $2, external_id, kind, parent, owner, name, description, metadata::jsonb, founded, members
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::json[], $10::timestamptz[],
      $11::int[]) AS listed (external_id, kind, parent, owner, name, description, metadata, founded, members)
    ON CONFLICT (instance_id, external_id) DO UPDATE
    SET kind = excluded.kind, parent_external_id = excluded.parent_external_id,
        owner_external_id = excluded.owner_external_id, name = excluded.name, description = excluded.description,
        metadata = excluded.metadata, member_count = excluded.member_count,
        platform_created_at = coalesce(excluded.platform_created_at, held.platform_created_at),
        removed_at = NULL, updated_at = excluded.updated_at
    WHERE held.removed_at IS NOT NULL
      OR (held.kind, held.parent_external_id, held.owner_external_id, held.name, held.description, held.metadata, held.member_count)
        IS DISTINCT FROM (excluded.kind, excluded.parent_external_id, excluded.owner_external_id, excluded.name,
          excluded.description, excluded.metadata, excluded.member_count)
      OR (excluded.platform_created_at IS NOT NULL
        AND held.platform_created_at IS DISTINCT FROM excluded.platform_created_at)
    RETURNING (held.xmax = 0) AS inserted
  )
  SELECT (count(*) FILTER (WHERE inserted))::float8 AS stored, (count(*) FILTER (WHERE NOT inserted))::float8 AS updated
  FROM written`;

const AMENDED = `CASE WHEN tells_name THEN listed.name ELSE held.name END,
  CASE WHEN tells_description THEN listed.description ELSE held.description END, held.metadata || listed.metadata::jsonb`;

const AMEND = `
  UPDATE omni_groups AS held SET (name, description, metadata, updated_at) = ROW (${AMENDED}, $2)
  FROM unnest($3::text[], $4::bool[], $5::text[], $6::bool[], $7::text[], $8::json[])
    AS listed (external_id, tells_name, name, tells_description, description, metadata)
  WHERE held.instance_id = $1 AND held.external_id = listed.external_id
    AND (held.name, held.description, held.metadata) IS DISTINCT FROM (${AMENDED})`;

const LARGEST_INTEGER = 2_147_483_647;

/** A platform's count, brought to what an integer column takes. */
const countOf = (count: number | null): number | null =>
  count === null || !Number.isFinite(count) ? null : Math.trunc(Math.min(LARGEST_INTEGER, Math.max(0, count)));

const LEAVE = 'UPDATE omni_groups SET removed_at = $3, updated_at = $3 WHERE instance_id = $1 AND removed_at IS NULL';

type GroupWrites = Pick<PeopleTransaction, 'storeGroups' | 'amendGroups' | 'markGroupsLeft'>;

export const groupStore = (sql: StepSql): GroupWrites => ({
  storeGroups: async (instanceId, listed, at, completeness = null) => {
    const set = [...new Map(listed.map((one): [string, ListedGroup] => [cleanText(one.externalId), one]))].sort(
      ([a], [b]) => (a < b ? -1 : 1),
    );
    const externalIds = set.map(([externalId]) => externalId);
    const texts = (of: (group: ListedGroup) => string | null, clean = cleanTextOrNull) =>
      textArray(set.map(([, one]) => clean(of(one))));
    const [counts] = await sql.rows<{ stored: number; updated: number }>(UPSERT, [
      instanceId,
      toInstant(at),
      textArray(externalIds),
      texts(({ kind }) => kind),
      texts(({ parentExternalId }) => parentExternalId),
      texts(({ ownerExternalId }) => ownerExternalId),
      texts(({ name }) => name, cleanNameOrNull),
      texts(({ description }) => description, cleanNameOrNull),
      jsonArray(set.map(([, { metadata }]) => cleanJson(metadata))),
      set.map(([, { createdAt }]) => toInstantOrNull(createdAt)),
      set.map(([, { memberCount }]) => countOf(memberCount)),
    ]);
    if (counts === undefined) throw new Error('The upsert of groups returned no counts');
    if (completeness === 'all') {
      const left = await sql.run(`${LEAVE} AND NOT (external_id = ANY($2::text[]))`, [
        instanceId,
        externalIds,
        toInstant(at),
      ]);
      return {
        stored: counts.stored,
        updated: counts.updated + left,
        duplicates: listed.length - counts.stored - counts.updated,
      };
    }
    if (completeness !== null) noteSeen(sql, instanceId, completeness, 'group', null, externalIds);
    return { ...counts, duplicates: listed.length - counts.stored - counts.updated };
  },

  amendGroups: async (instanceId, groups, at) => {
    const set = [...new Map(groups.map((one): [string, AmendedGroup] => [cleanText(one.externalId), one]))];
    const changed = set.map(([, one]) => one);
    return sql.run(AMEND, [
      instanceId,
      toInstant(at),
      textArray(set.map(([externalId]) => externalId)),
      boolArray(changed.map(({ name }) => name !== undefined)),
      textArray(changed.map(({ name }) => cleanNameOrNull(name ?? null))),
      boolArray(changed.map(({ description }) => description !== undefined)),
      textArray(changed.map(({ description }) => cleanNameOrNull(description ?? null))),
      jsonArray(changed.map(({ metadata }) => cleanJson(metadata ?? {}))),
    ]);
  },

  markGroupsLeft: (instanceId, externalIds, at) =>
    sql.run(`${LEAVE} AND external_id = ANY($2::text[])`, [instanceId, externalIds.map(cleanText), toInstant(at)]),
});
