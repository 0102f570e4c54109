import { Effect } from 'effect';
import type { DirectoryRequest } from '../../channel.ts';
import { isConversation } from '../mapping/api-channel.ts';
import { ARCHIVE_LIMIT, readArchivePage, ThreadList } from './archive-page.ts';
import { type ArchiveMarks, bookmarkOf, type CursorAt, marksIn } from './directory-cursor.ts';
import { type Found, isPassedOver, type Listing, type Problem, type Reader } from './listing.ts';
import { afterChannel, afterList, type GuildWindow } from './listing-order.ts';

type ArchivedCursor = CursorAt<'archived'>;

const routeOf = ({ parent, list }: ArchivedCursor): `/${string}` =>
  list === 'joined'
    ? `/channels/${parent}/users/@me/threads/archived/private`
    : `/channels/${parent}/threads/archived/${list}`;

/** Newest first, so what the first page of a list saw is never lowered by a later one. */
const withNewest = (cursor: ArchivedCursor, newest: number | null): ArchiveMarks =>
  newest === null || cursor.list === 'joined'
    ? cursor.newest
    : { ...cursor.newest, [cursor.list]: Math.max(newest, cursor.newest[cursor.list] ?? 0) };

interface ArchiveListing extends Reader {
  readonly cursor: ArchivedCursor;
  readonly request: DirectoryRequest;
  readonly ahead: GuildWindow;
}

/**
 * One page of the archived threads of a channel. Its bookmark moves only when all its lists were read to where the
 * former listing began: an interrupted one is made up for by the next.
 */
export const listArchive = ({ requests, atlas, cursor, request, ahead }: ArchiveListing): Listing => {
  const { guild, parent, list, before } = cursor;
  const former = marksIn(request.bookmarks.get(parent));
  const mark = list === 'joined' ? null : (former[list] ?? null);

  const leaveList = (newest: ArchiveMarks, whole: boolean): Pick<Found, 'nextCursor' | 'bookmarks'> => {
    const nextList = afterList(atlas, cursor, newest, whole);
    if (nextList !== null) return { nextCursor: nextList };
    const nextCursor = afterChannel({ atlas, ahead, guild, only: request.only, after: parent });
    return whole
      ? { nextCursor, bookmarks: new Map([[parent, bookmarkOf({ ...former, ...newest })]]) }
      : { nextCursor };
  };

  const problem = (reason: string, message: string): Problem => ({ externalId: parent, reason, message });

  return requests.get(routeOf(cursor), { limit: ARCHIVE_LIMIT, before }, ThreadList).pipe(
    Effect.map((answer): Found => {
      const page = readArchivePage(answer.value, { list, before, guildId: guild, mark });
      const newest = withNewest(cursor, page.newest);
      const onward =
        page.before !== null
          ? { nextCursor: { ...cursor, before: page.before, newest } }
          : leaveList(newest, cursor.whole && !page.stuck);
      return {
        ...onward,
        conversations: page.threads.filter(isConversation).map((thread) => atlas.conversation(thread)),
        problems: [
          ...(page.broken > 0
            ? [problem('malformed_thread', `${page.broken} archived threads could not be read.`)]
            : []),
          ...(page.stuck
            ? [problem('threads_incomplete', 'The list of archived threads does not tell how to go on.')]
            : []),
        ],
        answer,
      };
    }),
    Effect.catchIf(isPassedOver(request), ({ message }) =>
      Effect.succeed<Found>({ ...leaveList(cursor.newest, false), problems: [problem('threads_unreadable', message)] }),
    ),
  );
};
