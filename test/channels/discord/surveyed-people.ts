import { Effect } from 'effect';
import type { Connection, PeoplePage } from '../../../src/channels/channel.ts';
import type { ListedContact } from '../../../src/domain/contact.ts';
import type { ListedGroup } from '../../../src/domain/group.ts';
import type { TrueContact, TrueGroup, TrueMember } from '../../simulators/discord/people-truth.ts';

export interface SurveyedPeople {
  readonly pages: readonly PeoplePage[];
  readonly contacts: ReadonlyMap<string, ListedContact>;
  readonly groups: ReadonlyMap<string, ListedGroup>;
  /** As the simulator says them. */
  readonly members: readonly TrueMember[];
  readonly problems: PeoplePage['problems'];
}

interface HowToSurvey {
  readonly withMembers?: boolean;
  /** Which connection reads the next page. */
  readonly connection: () => Promise<Connection> | Connection;
  /** Called after each page. */
  readonly after?: (page: PeoplePage, pages: number) => void;
}

/** A whole survey, its cursors stored and read back as JSON on the way. */
export const surveyPeople = async (
  kind: 'contacts' | 'groups',
  { connection, withMembers = true, after }: HowToSurvey,
): Promise<SurveyedPeople> => {
  const pages: PeoplePage[] = [];
  let cursor: unknown = null;
  do {
    const page: PeoplePage = await Effect.runPromise((await connection())[kind].read({ cursor, withMembers }));
    pages.push(page);
    after?.(page, pages.length);
    cursor = JSON.parse(JSON.stringify(page.nextCursor));
  } while (cursor !== null);
  const members = pages.flatMap((page) =>
    page.members.flatMap(({ groupExternalId, members: them }) =>
      them.map(({ contactExternalId, role, nick, joinedAt }) => ({
        guildId: groupExternalId as string,
        userId: contactExternalId as string,
        role,
        nick,
        joinedAt: joinedAt ?? 0,
      })),
    ),
  );
  return {
    pages,
    contacts: new Map(pages.flatMap((page) => page.contacts.map((contact) => [contact.externalId, contact] as const))),
    groups: new Map(pages.flatMap((page) => page.groups.map((group) => [group.externalId, group] as const))),
    members,
    problems: pages.flatMap((page) => page.problems),
  };
};

/** In an order of its own. */
export const sorted = <Row extends object>(rows: Iterable<Row>): string[] =>
  [...rows].map((row) => JSON.stringify(Object.entries(row).sort())).sort();

export const asTrueContact = ({ externalId, handle, names, isBot }: ListedContact): TrueContact => ({
  userId: externalId,
  username: handle ?? '',
  globalName: names.pushed ?? null,
  isBot,
});

export const asTrueGroup = (group: ListedGroup): TrueGroup => ({
  id: group.externalId,
  kind: group.kind === 'guild' ? 'guild' : 'channel',
  parentId: group.parentExternalId,
  name: group.name ?? '',
  description: group.description,
  ownerId: group.ownerExternalId,
  memberCount: group.memberCount,
});
