import type { Effect } from 'effect';
import type { DirectoryPage, DirectoryRequest } from '../../channel.ts';
import type { AccessDenied, BadAnswer, PlatformFailure } from '../../platform-failure.ts';
import type { GuildAtlas } from '../guilds/guild-atlas.ts';
import type { Answer, DiscordRequests } from '../rest/rest-requests.ts';
import type { Cursor } from './directory-cursor.ts';

export type Problem = DirectoryPage['problems'][number];

/** What one request of a listing brought: the page without what every page has. */
export interface Found {
  readonly conversations?: DirectoryPage['conversations'];
  readonly bookmarks?: DirectoryPage['bookmarks'];
  readonly problems?: readonly Problem[];
  readonly nextCursor: Cursor | null;
  /** Absent when nothing had to be asked. */
  readonly answer?: Pick<Answer<unknown>, 'requestedAt' | 'quota'>;
}

export type Listing = Effect.Effect<Found, PlatformFailure>;

/** What every part of a listing, and of a survey of people, works with. */
export interface Reader {
  readonly requests: DiscordRequests;
  readonly atlas: GuildAtlas;
}

/** What either gets past, with a problem instead of a page: what is refused, and a bad answer on the last try. */
export const isPassedOver =
  ({ lastTry = false }: Pick<DirectoryRequest, 'lastTry'>) =>
  (failure: PlatformFailure): failure is AccessDenied | BadAnswer =>
    failure._tag === 'AccessDenied' || (lastTry && failure._tag === 'BadAnswer');
