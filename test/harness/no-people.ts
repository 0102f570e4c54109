import { Clock, Effect } from 'effect';
import type { PeopleSurvey } from '../../src/channels/channel.ts';

/** A platform on which nobody is known: a survey is one request that brings an empty list. */
export const noPeople: PeopleSurvey = {
  read: () =>
    Effect.map(Clock.currentTimeMillis, (requestedAt) => ({
      groups: [],
      contacts: [],
      members: [],
      completed: { groups: true, contacts: true, membersOf: [] },
      onlyPushed: false,
      nextCursor: null,
      problems: [],
      requestedAt,
      quota: null,
    })),
};
