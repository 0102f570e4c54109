import { Effect, Schema } from 'effect';
import type { PlatformFailure } from '../../platform-failure.ts';
import { channelGroups, guildGroup } from '../guilds/group-mapping.ts';
import { ApiGuild, type GuildAtlas, type KnownGuild } from '../guilds/guild-atlas.ts';
import { MALFORMED_GUILD, readGuildList } from '../guilds/guild-list.ts';
import { isPassedOver, type Reader } from '../listing/listing.ts';
import { type GuildWindow, windowOf } from '../listing/listing-order.ts';
import type { Answer } from '../rest/rest-requests.ts';
import type { Part, PeopleCursorAt } from './people-cursor.ts';
import { type FoundPeople, leave, type PeopleFound, type PeopleSurveyor, problem } from './people-found.ts';

/** `GET /users/@me/guilds` gives at most 200 (docs: Get Current User Guilds). */
const GUILD_LIMIT = 200;

const Entries = Schema.Array(Schema.Unknown);

/** Guilds after a place. The list also tells names and numbers of members, and so freshens what the gateway said. */
export const findGuilds = (
  { requests, atlas, lastTry = false }: PeopleSurveyor,
  { part, after, whole }: PeopleCursorAt<'findGuild'>,
  see: (window: GuildWindow) => void,
): PeopleFound =>
  requests.get('/users/@me/guilds', { limit: GUILD_LIMIT, after, with_counts: 'true' }, Entries).pipe(
    Effect.map((answer): FoundPeople => {
      const { ids, guilds, broken } = readGuildList(answer.value);
      for (const guild of guilds) atlas.freshen(guild);
      see(windowOf(after, ids, answer.value.length >= GUILD_LIMIT));
      const problems = Array.from({ length: broken }, () => problem(null, 'malformed_guild', MALFORMED_GUILD));
      return { problems, next: leave(part, after, whole && broken === 0), answer };
    }),
    Effect.catchIf(isPassedOver({ lastTry }), ({ _tag, message }): PeopleFound => {
      see(windowOf(after, atlas.guildIds(), false));
      const isBroken = _tag === 'BadAnswer';
      const problems = isBroken ? [problem(null, 'guilds_unreadable', message)] : [];
      return Effect.succeed({ problems, next: leave(part, after, whole && !isBroken) });
    }),
  );

/** Asks for the whole guild object and takes it in. */
export const askForGuild = (
  { requests, atlas }: Reader,
  guild: string,
): Effect.Effect<{ readonly known: KnownGuild; readonly answer: Answer<unknown> }, PlatformFailure> =>
  requests
    .get(`/guilds/${guild}`, { with_counts: 'true' }, ApiGuild)
    .pipe(Effect.map((answer) => ({ known: atlas.learnWholeGuild(answer.value), answer })));

/** What a survey does about a guild that is down, or not ours any more. */
export const passOver = (part: Part, guild: string, reason: string, message: string): FoundPeople => ({
  problems: [problem(guild, reason, message)],
  next: leave(part, guild, false),
});

export const isDown = (atlas: GuildAtlas, guild: string): boolean => atlas.has(guild) && atlas.guild(guild).unavailable;

export const DOWN = 'Discord says that this guild is unavailable at the moment; it is read by the next sync.';

/**
 * A guild that refuses to describe itself is told as the gateway described it, and its channels are asked for all the
 * same.
 */
const undescribed = (atlas: GuildAtlas, guild: string, message: string): FoundPeople =>
  atlas.has(guild) && atlas.guild(guild).described
    ? {
        groups: [guildGroup(atlas.guild(guild))],
        problems: [problem(guild, 'guild_unreadable', message)],
        next: { stage: 'channels', guild, whole: false },
      }
    : passOver('groups', guild, 'guild_unreadable', message);

export const describeGuild = (surveyor: PeopleSurveyor, { guild, whole }: PeopleCursorAt<'guild'>): PeopleFound => {
  if (isDown(surveyor.atlas, guild)) return Effect.succeed(passOver('groups', guild, 'guild_unavailable', DOWN));
  return askForGuild(surveyor, guild).pipe(
    Effect.map(
      ({ known, answer }): FoundPeople => ({
        groups: [guildGroup(known)],
        next: { stage: 'channels', guild, whole },
        answer,
      }),
    ),
    Effect.catchIf(isPassedOver(surveyor), ({ message }) =>
      Effect.succeed(undescribed(surveyor.atlas, guild, message)),
    ),
  );
};

export const listChannels = (
  { requests, atlas, lastTry = false }: PeopleSurveyor,
  { guild, whole }: PeopleCursorAt<'channels'>,
): PeopleFound =>
  requests.get(`/guilds/${guild}/channels`, {}, Entries).pipe(
    Effect.map((answer): FoundPeople => {
      const broken = atlas.learnChannels(guild, answer.value);
      return {
        groups: channelGroups(atlas, guild),
        problems: broken.map(() => problem(guild, 'malformed_channel', 'A channel of the guild could not be read.')),
        next: leave('groups', guild, whole && broken.length === 0),
        answer,
      };
    }),
    Effect.catchIf(isPassedOver({ lastTry }), ({ message }) =>
      Effect.succeed(passOver('groups', guild, 'guild_unreadable', message)),
    ),
  );
