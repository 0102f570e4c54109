import type { Effect } from 'effect';
import type { ListProblem, PeoplePage, SurveyRequest } from '../../channel.ts';
import type { PlatformFailure } from '../../platform-failure.ts';
import type { Reader } from '../listing/listing.ts';
import type { Answer } from '../rest/rest-requests.ts';
import type { Part, PeopleCursor } from './people-cursor.ts';

/** That a guild is done with, and the next one of the part comes. */
export interface Leave {
  readonly stage: 'leave';
  readonly part: Part;
  /** Null: none was begun yet. */
  readonly guild: string | null;
  readonly whole: boolean;
}

/** What one request of a survey brought: the page without what every page has. */
export interface FoundPeople {
  readonly groups?: PeoplePage['groups'];
  readonly contacts?: PeoplePage['contacts'];
  readonly members?: PeoplePage['members'];
  /** The guild whose members are all told with this page. */
  readonly membersOf?: string;
  readonly problems?: readonly ListProblem[];
  /** Null: there is no use in going on. */
  readonly next: PeopleCursor | Leave | null;
  /** Absent when nothing had to be asked. */
  readonly answer?: Pick<Answer<unknown>, 'requestedAt' | 'quota'>;
}

/** What every part of a survey of people works with. */
export type PeopleSurveyor = Reader & Pick<SurveyRequest, 'lastTry'>;

export type PeopleFound = Effect.Effect<FoundPeople, PlatformFailure>;

export const leave = (part: Part, guild: string | null, whole: boolean): Leave => ({
  stage: 'leave',
  part,
  guild,
  whole,
});

export const problem = (externalId: string | null, reason: string, message: string): ListProblem => ({
  externalId,
  reason,
  message,
});
