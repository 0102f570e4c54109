import { PERMISSION } from '../permissions.ts';
import { may } from '../world/access.ts';
import { canHaveThreads } from '../world/channel.ts';
import { channelObject, threadMember } from '../world/channel-object.ts';
import type { Channel } from '../world/guild.ts';
import { type Answer, MISSING_PERMISSIONS, ok, WRONG_CHANNEL_TYPE } from './answer.ts';
import { integerWithin, optionalInstant, optionalSnowflake } from './form.ts';
import { Refusal, type Route, type RouteRequest, viewableChannel } from './route.ts';

/** The parent whose archive is asked for, with what the bot needs to look into it. */
const archiveOf = (
  request: RouteRequest,
  ...permissions: readonly bigint[]
): { parent: Channel; archived: Channel[] } => {
  const parent = viewableChannel(request);
  if (!canHaveThreads(parent)) throw new Refusal(WRONG_CHANNEL_TYPE);
  if (![PERMISSION.ReadMessageHistory, ...permissions].every((permission) => may(request.bot, parent, permission))) {
    request.noteForbidden();
    throw new Refusal(MISSING_PERMISSIONS);
  }
  const archived = parent.guild
    .threadsOf(parent)
    .filter(({ thread }) => thread?.archivedAt !== null)
    .sort((a, b) => archivedAt(b) - archivedAt(a) || (BigInt(a.id) < BigInt(b.id) ? 1 : -1));
  return { parent, archived };
};

const archivedAt = ({ thread }: Channel): number => thread?.archivedAt ?? 0;

/** Discord takes 2 to 100 here, though its documentation names no bounds. */
const pageLimit = (query: URLSearchParams): number => integerWithin(query, 'limit', 2, 100, 50);

export const threadList = (threads: readonly Channel[], botId: string): Record<string, unknown> => ({
  threads: threads.map((thread) => channelObject(thread, botId)),
  members: threads.flatMap((channel) =>
    channel.thread?.joined.has(botId) === true ? [threadMember(channel, channel.thread, botId)] : [],
  ),
});

const page = (request: RouteRequest, threads: readonly Channel[]): Answer => {
  const limit = pageLimit(request.query);
  return ok({ ...threadList(threads.slice(0, limit), request.bot.id), has_more: threads.length > limit });
};

const byArchiveTime = (request: RouteRequest, threads: readonly Channel[]): Answer => {
  const before = optionalInstant(request.query, 'before');
  return page(
    request,
    threads.filter((thread) => before === null || archivedAt(thread) < before),
  );
};

export const CHANNEL_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    template: '/channels/:channelId',
    handle: (request) => ok(channelObject(viewableChannel(request), request.bot.id)),
  },
  {
    method: 'GET',
    template: '/channels/:channelId/threads/archived/public',
    handle: (request) =>
      byArchiveTime(
        request,
        archiveOf(request).archived.filter(({ type }) => type !== 12),
      ),
  },
  {
    method: 'GET',
    template: '/channels/:channelId/threads/archived/private',
    handle: (request) =>
      byArchiveTime(
        request,
        archiveOf(request, PERMISSION.ManageThreads).archived.filter(({ type }) => type === 12),
      ),
  },
  {
    // Ordered and paged by id, unlike the other two.
    method: 'GET',
    template: '/channels/:channelId/users/@me/threads/archived/private',
    handle: (request) => {
      const before = optionalSnowflake(request.query, 'before');
      const joined = archiveOf(request)
        .archived.filter(({ type, thread }) => type === 12 && thread?.joined.has(request.bot.id) === true)
        .filter(({ id }) => before === null || BigInt(id) < before)
        .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1));
      return page(request, joined);
    },
  },
];
