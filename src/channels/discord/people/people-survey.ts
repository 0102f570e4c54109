import { Effect } from 'effect';
import type { PeoplePage, PeopleSurvey, SurveyRequest } from '../../channel.ts';
import { RateLimited } from '../../platform-failure.ts';
import type { Reader } from '../listing/listing.ts';
import { type GuildWindow, NO_WINDOW, nextGuild } from '../listing/listing-order.ts';
import { contactOf } from '../mapping/user-mapping.ts';
import { describeGuild, findGuilds, listChannels } from './group-survey.ts';
import { listMembers } from './member-survey.ts';
import { type Part, type PeopleCursor, type PeopleCursorAt, peopleCursorOf, startOf } from './people-cursor.ts';
import type { FoundPeople, Leave, PeopleFound, PeopleSurveyor } from './people-found.ts';

interface PeopleOf extends Reader {
  readonly now: () => number;
  /** Of the bot's application; null when READY did not tell. */
  readonly applicationFlags: () => number | null;
}

type Completed = PeoplePage['completed'];
const NOTHING_YET: Completed = { groups: false, contacts: false, membersOf: [] };

const firstStage = (part: Part, guild: string, whole: boolean): PeopleCursor =>
  part === 'groups' ? { stage: 'guild', guild, whole } : { stage: 'members', guild, after: null, intact: true, whole };

/**
 * `contacts` tells the members of every guild, each with its guild, and at the end who wrote directly. `groups` tells
 * the guilds and their channels, and afterwards the members, where no survey of contacts does. One request per page,
 * which the cursor resumes.
 */
const discordPeople = (
  kind: 'contacts' | 'groups',
  { requests, atlas, now, applicationFlags }: PeopleOf,
): PeopleSurvey => {
  // Guilds found ahead: forgetting them costs one more request, never a guild.
  let ahead: GuildWindow = NO_WINDOW;
  const see = (window: GuildWindow): void => {
    ahead = window;
  };

  // Of the survey that is under way: forgetting it costs one more refusal.
  let listsMembers = false;
  const membersOf = (cursor: PeopleCursorAt<'members'>, surveyor: PeopleSurveyor): PeopleFound =>
    listMembers({
      ...surveyor,
      cursor,
      withGuild: kind === 'contacts',
      applicationFlags: applicationFlags(),
      listsMembers: listsMembers || cursor.after !== null,
    }).pipe(
      Effect.tap(({ members }) =>
        Effect.sync(() => {
          if (members !== undefined) listsMembers = true;
        }),
      ),
    );

  const survey = (cursor: PeopleCursor, { lastTry = false }: SurveyRequest): PeopleFound => {
    const surveyor: PeopleSurveyor = { requests, atlas, lastTry };
    switch (cursor.stage) {
      case 'findGuild':
        if (cursor.after === null) listsMembers = false;
        return findGuilds(surveyor, cursor, see);
      case 'guild':
        return describeGuild(surveyor, cursor);
      case 'channels':
        return listChannels(surveyor, cursor);
      case 'members':
        return membersOf(cursor, surveyor);
    }
  };

  /** What is complete when the last guild of a part is done, and what comes then. */
  const endOf = (
    { part, whole }: Leave,
    { withMembers }: SurveyRequest,
  ): Pick<PeoplePage, 'completed' | 'nextCursor'> =>
    part === 'groups'
      ? { completed: { ...NOTHING_YET, groups: whole }, nextCursor: withMembers ? startOf('members') : null }
      : { completed: { ...NOTHING_YET, contacts: whole && kind === 'contacts' }, nextCursor: null };

  const onward = (next: FoundPeople['next'], request: SurveyRequest): Pick<PeoplePage, 'completed' | 'nextCursor'> => {
    if (next?.stage !== 'leave') return { completed: NOTHING_YET, nextCursor: next };
    const { part, guild, whole } = next;
    const following = nextGuild(ahead, guild);
    if (following === 'none') return endOf(next, request);
    const nextCursor: PeopleCursor =
      following === 'beyond'
        ? { stage: 'findGuild', part, after: guild, whole }
        : firstStage(part, following.id, whole);
    return { completed: NOTHING_YET, nextCursor };
  };

  return {
    read: Effect.fnUntraced(function* (request) {
      const cursor = peopleCursorOf(request.cursor, kind === 'contacts' ? 'members' : 'groups');
      const found = yield* survey(cursor, request).pipe(
        // A survey belongs to the instance: there is no conversation that could rest instead.
        Effect.catchTag('RateLimited', ({ retryAfterMs, message }) =>
          Effect.fail(new RateLimited({ scope: 'instance', retryAfterMs, message })),
        ),
      );
      const { completed, nextCursor } = onward(found.next, request);
      const partners = kind === 'contacts' && nextCursor === null ? atlas.partners().map(contactOf) : [];
      return {
        groups: found.groups ?? [],
        contacts: [...(found.contacts ?? []), ...partners],
        members: found.members ?? [],
        completed: { ...completed, membersOf: found.membersOf === undefined ? [] : [found.membersOf] },
        onlyPushed: false,
        nextCursor,
        problems: found.problems ?? [],
        requestedAt: found.answer?.requestedAt ?? now(),
        quota: found.answer?.quota ?? null,
      };
    }),
  };
};

export const discordContacts = (of: PeopleOf): PeopleSurvey => discordPeople('contacts', of);
export const discordGroups = (of: PeopleOf): PeopleSurvey => discordPeople('groups', of);
