import { Effect, Schema } from 'effect';
import type { ConversationDirectory, DirectoryRequest } from '../../channel.ts';
import { RateLimited } from '../../platform-failure.ts';
import { MALFORMED_GUILD, readGuildList } from '../guilds/guild-list.ts';
import { isConversation, isThread, mayHaveThreads, readChannel, Snowflake } from '../mapping/api-channel.ts';
import type { Answer } from '../rest/rest-requests.ts';
import { listArchive } from './archive-listing.ts';
import { ThreadList } from './archive-page.ts';
import { type Cursor, type CursorAt, cursorOf } from './directory-cursor.ts';
import { learnFacts } from './guild-facts.ts';
import { type Found, isPassedOver, type Listing, type Reader } from './listing.ts';
import { afterChannel, afterGuild, type GuildWindow, NO_WINDOW, windowOf } from './listing-order.ts';

const GUILD_LIMIT = 200;

const Entries = Schema.Array(Schema.Unknown);

interface DirectoryOf extends Reader {
  readonly now: () => number;
}

/** Lists every guild, its channels and their threads; or one conversation and its threads. One request per page. */
export const discordDirectory = ({ requests, atlas, now }: DirectoryOf): ConversationDirectory => {
  // Guilds found ahead: forgetting them costs one more request, never a guild.
  let ahead: GuildWindow = NO_WINDOW;

  const guilds = ({ after }: CursorAt<'guilds'>, request: DirectoryRequest): Listing =>
    requests.get('/users/@me/guilds', { limit: GUILD_LIMIT, after }, Entries).pipe(
      Effect.map((answer): Found => {
        const { ids, broken } = readGuildList(answer.value);
        ahead = windowOf(after, ids, answer.value.length >= GUILD_LIMIT);
        const problem = { externalId: null, reason: 'malformed_guild', message: MALFORMED_GUILD };
        return {
          problems: Array.from({ length: broken }, () => problem),
          nextCursor: afterGuild(ahead, after),
          answer,
        };
      }),
      Effect.catchIf(isPassedOver(request), ({ _tag, message }): Listing => {
        ahead = windowOf(after, atlas.guildIds(), false);
        const problems = _tag === 'BadAnswer' ? [{ externalId: null, reason: 'guilds_unreadable', message }] : [];
        return Effect.succeed({ problems, nextCursor: afterGuild(ahead, after) });
      }),
    );

  const channels = ({ guild }: CursorAt<'channels'>, request: DirectoryRequest): Listing =>
    requests.get(`/guilds/${guild}/channels`, {}, Entries).pipe(
      Effect.map((answer): Found => {
        const broken = atlas.learnChannels(guild, answer.value);
        const known = [...atlas.guild(guild).channels.values()].filter((channel) => !isThread(channel));
        const closed = known.filter((channel) => mayHaveThreads(channel) && atlas.whyUnreadable(channel) !== null);
        return {
          conversations: known.filter(isConversation).map((channel) => atlas.conversation(channel)),
          // Its threads may have become unreadable too: the next listing that may see them lists them all.
          bookmarks: new Map(closed.filter(({ id }) => request.bookmarks.has(id)).map(({ id }) => [id, ''])),
          problems: broken.map(() => ({
            externalId: guild,
            reason: 'malformed_channel',
            message: 'A channel of the guild could not be read.',
          })),
          nextCursor: { stage: 'active', guild },
          answer,
        };
      }),
      Effect.catchIf(isPassedOver(request), ({ _tag, message }) =>
        Effect.succeed<Found>({
          problems: [{ externalId: guild, reason: 'guild_unreadable', message }],
          // Who refuses the channels refuses their threads too; a list that is only broken was told by the gateway.
          nextCursor:
            _tag === 'BadAnswer' && atlas.guild(guild).listed ? { stage: 'active', guild } : afterGuild(ahead, guild),
        }),
      ),
    );

  const active = ({ guild }: CursorAt<'active'>, request: DirectoryRequest): Listing => {
    const { only } = request;
    const nextCursor = afterChannel({ atlas, ahead, guild, only, after: null });
    return requests.get(`/guilds/${guild}/threads/active`, {}, ThreadList).pipe(
      Effect.map((answer): Found => {
        const threads = answer.value.threads
          .map((thread) => readChannel(thread, guild))
          .filter((thread) => thread !== null);
        const placed = threads.map((thread) => atlas.put(guild, thread)).filter(isConversation);
        const wanted = placed.filter((thread) => only === null || thread.parent_id === only);
        return { conversations: wanted.map((thread) => atlas.conversation(thread)), nextCursor, answer };
      }),
      Effect.catchIf(isPassedOver(request), ({ message }) =>
        Effect.succeed<Found>({ problems: [{ externalId: guild, reason: 'threads_unreadable', message }], nextCursor }),
      ),
    );
  };

  const single = (id: string, request: DirectoryRequest): Listing => {
    const known = atlas.channel(id);
    if (known !== null && atlas.whyUnreadable(known) !== null) {
      return Effect.succeed({ conversations: [atlas.conversation(known)], nextCursor: null });
    }
    const unknown = (message: string, answer?: Answer<unknown>): Found => ({
      problems: [{ externalId: id, reason: 'channel_unreadable', message }],
      nextCursor: null,
      ...(answer === undefined ? {} : { answer }),
    });
    if (!Schema.is(Snowflake)(id)) return Effect.succeed(unknown(`"${id}" is no channel id of Discord's.`));
    return requests.get(`/channels/${id}`, {}, Schema.Unknown).pipe(
      Effect.map((answer): Found => {
        const channel = readChannel(answer.value);
        if (channel === null) return unknown('Discord described the channel in a way that cannot be read.', answer);
        if (!isConversation(channel)) return unknown('This is a category or another channel without messages.', answer);
        // A server may leave out where a channel belongs, which the gateway has told.
        const guild = channel.guild_id ?? atlas.channel(id)?.guild_id ?? null;
        if (guild !== null) atlas.put(guild, channel);
        const nextCursor: Cursor | null = guild !== null && mayHaveThreads(channel) ? { stage: 'active', guild } : null;
        return { conversations: [atlas.conversation(atlas.channel(id) ?? channel)], nextCursor, answer };
      }),
      Effect.catchIf(isPassedOver(request), ({ message }) => Effect.succeed(unknown(message))),
    );
  };

  const listing = (cursor: Cursor, request: DirectoryRequest): Listing => {
    switch (cursor.stage) {
      case 'guilds':
        return guilds(cursor, request);
      case 'channels':
        return channels(cursor, request);
      case 'active':
        return active(cursor, request);
      case 'archived':
        return listArchive({ requests, atlas, cursor, request, ahead });
      case 'single':
        return single(request.only ?? '', request);
    }
  };

  return {
    read: Effect.fnUntraced(function* (request) {
      const cursor = cursorOf(request.cursor, request.only);
      const found = yield* (learnFacts({ requests, atlas }, cursor, request) ?? listing(cursor, request)).pipe(
        // A listing belongs to the instance: there is no conversation that could rest instead.
        Effect.catchTag('RateLimited', ({ retryAfterMs, message }) =>
          Effect.fail(new RateLimited({ scope: 'instance', retryAfterMs, message })),
        ),
      );
      return {
        conversations: found.conversations ?? [],
        bookmarks: found.bookmarks ?? new Map(),
        nextCursor: found.nextCursor,
        problems: found.problems ?? [],
        requestedAt: found.answer?.requestedAt ?? now(),
        quota: found.answer?.quota ?? null,
      };
    }),
  };
};
