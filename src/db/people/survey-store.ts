import type { InstanceId } from '../../domain/ids.ts';
import type { PeopleTransaction, Survey } from '../../sync/people/people-store.ts';
import type { Sql, StepSql } from '../connection/sql.ts';
import { cleanText } from '../values/clean-text.ts';
import { toInstant } from '../values/instants.ts';
import { planAnew } from './plan-anew.ts';

/** What a survey reads, and of what: members of a group. */
export type Seen = 'contact' | 'group' | 'member';

/** Notes what a page saw: one row, committed with the page. */
export const noteSeen = (
  sql: StepSql,
  instanceId: InstanceId,
  { jobId }: Survey,
  kind: Seen,
  parent: string | null,
  externalIds: readonly string[],
): void =>
  sql.send(
    'INSERT INTO sightings (job_id, instance_id, kind, parent_external_id, external_ids) VALUES ($1, $2, $3, $4, $5)',
    [jobId, instanceId, kind, parent, externalIds],
  );

/**
 * Marks rows of `table` that the notes do not name, and forgets the notes. NOT IN is looked up in a hash, whatever the
 * planner expects; NOT EXISTS became a nested loop, which took minutes for 20,000 rows.
 */
const sweep = (table: string, externalId: string, mark: string, ofParent: string, spared = ''): string => `
  WITH seen AS (
    DELETE FROM sightings WHERE job_id = $1 AND instance_id = $2 AND kind = $3 AND parent_external_id IS NOT DISTINCT FROM $4
    RETURNING external_ids
  ), there AS (SELECT unnest(external_ids) AS id FROM seen)
  UPDATE ${table} SET ${mark} = $6, updated_at = $6
  WHERE ${ofParent} AND ${mark} IS NULL AND updated_at < $5
    AND ${externalId} NOT IN (SELECT id FROM there)${spared}`;

const OF_INSTANCE = 'instance_id = $2 AND $4::text IS NULL';
/** Whoever is on the other side of a direct conversation is still there, be it that no list names them. */
const NO_PARTNERS = ` AND external_id NOT IN (
      SELECT partner.sender_id FROM conversations AS direct CROSS JOIN LATERAL (
        SELECT sender_id FROM omni_events
        WHERE conversation_id = direct.id AND NOT is_from_me AND sender_id IS NOT NULL
        ORDER BY timestamp DESC, id DESC LIMIT 1) AS partner
      WHERE direct.instance_id = $2 AND direct.kind = 'direct')`;
const SWEEP_CONTACTS = sweep('platform_identities', 'external_id', 'removed_at', OF_INSTANCE, NO_PARTNERS);
const SWEEP_SAVED_NAMES = `
  WITH seen AS (
    DELETE FROM sightings WHERE job_id = $1 AND instance_id = $2 AND kind = $3 AND parent_external_id IS NOT DISTINCT FROM $4
    RETURNING external_ids
  ), there AS (SELECT unnest(external_ids) AS id FROM seen)
  UPDATE platform_identities SET saved_name = NULL, updated_at = $6
  WHERE instance_id = $2 AND saved_name IS NOT NULL AND updated_at < $5 AND external_id NOT IN (SELECT id FROM there)`;
const SWEEP_GROUPS = sweep('omni_groups', 'external_id', 'removed_at', OF_INSTANCE);
const SWEEP_MEMBERS = sweep(
  'group_members',
  'contact_external_id',
  'left_at',
  'group_id = (SELECT id FROM omni_groups WHERE instance_id = $2 AND external_id = $4)',
);

type SurveyWrites = Pick<
  PeopleTransaction,
  'sweepContacts' | 'sweepSavedNames' | 'sweepGroups' | 'sweepMembers' | 'forgetSurvey'
>;

export const surveyStore = (sql: StepSql): SurveyWrites => {
  const run = (
    statement: string,
    kind: Seen,
    parent: string | null,
    instanceId: InstanceId,
    of: Survey,
    at: number,
  ) => {
    planAnew(sql);
    return sql.run(statement, [of.jobId, instanceId, kind, parent, toInstant(of.startedAt), toInstant(at)]);
  };
  return {
    sweepContacts: (instanceId, survey, at) => run(SWEEP_CONTACTS, 'contact', null, instanceId, survey, at),
    sweepSavedNames: (instanceId, survey, at) => run(SWEEP_SAVED_NAMES, 'contact', null, instanceId, survey, at),
    sweepGroups: (instanceId, survey, at) => run(SWEEP_GROUPS, 'group', null, instanceId, survey, at),
    sweepMembers: (instanceId, groupExternalId, survey, at) =>
      run(SWEEP_MEMBERS, 'member', cleanText(groupExternalId), instanceId, survey, at),
    forgetSurvey: async (jobId) => sql.send('DELETE FROM sightings WHERE job_id = $1', [jobId]),
  };
};

/** Notes of jobs that are over, however they ended. */
export const forgetEndedSurveys = (sql: Sql): Promise<number> =>
  sql.run(
    `DELETE FROM sightings WHERE job_id NOT IN (
       SELECT id FROM sync_jobs WHERE status IN ('pending', 'waiting', 'running', 'paused'))`,
  );
