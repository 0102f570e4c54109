import { NO_COUNTS, type PageCounts, plus } from '../../../machines/page-counts.ts';
import type { SurveyWalk } from '../../../machines/sync-job-context.ts';
import type { PeoplePage } from '../../channels/channel.ts';
import type { JobId } from '../../domain/ids.ts';
import { AGAIN, arrivalOf, pauseOf, type Stored, type Storing } from '../reading/store-page.ts';
import type { StoredCounts } from '../store.ts';
import type { Survey } from './people-store.ts';

/** Contacts, groups and members of one page; with the last page of a list, who was not in it is marked. */
export const storeSurveyPage = async (
  storing: Storing,
  walk: SurveyWalk,
  page: PeoplePage,
): Promise<Stored<'surveyStored'>> => {
  const { tx, instanceId, channel, job, at } = storing;
  const arrives = page.onlyPushed || page.arrivesUntil ? await arrivalOf(storing, page) : null;
  if (arrives !== null) return { ...NOTHING_TOLD, nextCursor: page.nextCursor ?? AGAIN, ...arrives };
  const survey: Survey = { jobId: job.jobId as JobId, startedAt: walk.startedAt };
  const groups = await tx.storeGroups(instanceId, page.groups, at, walk.of === 'groups' ? survey : null);
  const contacts = await tx.storeContacts(instanceId, channel, page.contacts, at, ...surveyOf(walk, survey));
  const members: StoredCounts[] = [];
  for (const { groupExternalId, members: told } of page.members) {
    members.push(await tx.storeMembers(instanceId, groupExternalId, told, at, survey));
  }
  const gone = await sweep(storing, walk, page, survey);
  const unsaved = page.completed.savedNames ? await tx.sweepSavedNames(instanceId, survey, at) : 0;
  if (page.nextCursor === null) await tx.forgetSurvey(survey.jobId);
  const people = page.onlyPushed ? await held(storing, unsaved) : contacts;
  // A contact is counted once, however many groups it is in; a group's members are what changes in it.
  const counted = walk.of === 'groups' ? [groups, ...members] : [people];
  return {
    type: 'surveyStored',
    counts: counted.map(countsOf).reduce(plus, NO_COUNTS),
    gone,
    nextCursor: page.nextCursor,
    errors: page.problems.map((problem) => ({ conversationId: null, ...problem })),
    pausedUntil: pauseOf(page.quota),
  };
};

/** Of a page that is read again, once what it would tell of has arrived. */
const NOTHING_TOLD = {
  type: 'surveyStored',
  counts: NO_COUNTS,
  gone: 0,
  errors: [],
} as const;

/** Members of groups are contacts too, but only a survey of contacts tells who is one no more. */
const surveyOf = (walk: SurveyWalk, survey: Survey): readonly [Survey] | readonly [] =>
  walk.of === 'contacts' ? [survey] : [];

const sweep = async (
  { tx, instanceId, at }: Storing,
  walk: SurveyWalk,
  { completed }: PeoplePage,
  survey: Survey,
): Promise<number> => {
  let gone = 0;
  for (const group of completed.membersOf) gone += await tx.sweepMembers(instanceId, group, survey, at);
  if (walk.of === 'groups' && completed.groups) gone += await tx.sweepGroups(instanceId, survey, at);
  if (walk.of === 'contacts' && completed.contacts) gone += await tx.sweepContacts(instanceId, survey, at);
  return gone;
};

/** What was pushed was stored when it came: all that is left to say is how much there is. */
const held = async ({ tx, instanceId }: Storing, updated: number): Promise<StoredCounts> => ({
  stored: 0,
  updated,
  duplicates: Math.max(0, (await tx.countContacts(instanceId)) - updated),
});

const countsOf = ({ stored, duplicates, updated }: StoredCounts): PageCounts => ({
  fetched: stored + duplicates + updated,
  stored,
  duplicates,
  updated,
  malformed: 0,
});
