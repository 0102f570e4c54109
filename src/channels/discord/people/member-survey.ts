import { ApplicationFlags } from 'discord.js';
import { Effect, Schema } from 'effect';
import type { ListProblem } from '../../channel.ts';
import { guildGroup } from '../guilds/group-mapping.ts';
import type { KnownGuild } from '../guilds/guild-atlas.ts';
import { isPassedOver } from '../listing/listing.ts';
import { compareSnowflakes, isSnowflake } from '../mapping/snowflake.ts';
import { contactOf } from '../mapping/user-mapping.ts';
import { askForGuild, DOWN, isDown, passOver } from './group-survey.ts';
import { type ApiGuildMember, administratorRoles, memberOf, readGuildMember } from './member-mapping.ts';
import type { PeopleCursorAt } from './people-cursor.ts';
import { type FoundPeople, leave, type PeopleFound, type PeopleSurveyor, problem } from './people-found.ts';

/** `GET /guilds/:id/members` gives at most 1,000, by rising user id (docs: List Guild Members). */
const MEMBER_LIMIT = 1_000;

/** The two flags of an application that may list members (docs: Application Flags); small bots have the second. */
const LISTS_MEMBERS = ApplicationFlags.GatewayGuildMembers | ApplicationFlags.GatewayGuildMembersLimited;

const hasIntent = (flags: number): boolean => (flags & LISTS_MEMBERS) !== 0;

const SWITCH =
  'Enable "Server Members Intent" for the bot in the developer portal (Bot > Privileged Gateway Intents), then connect again.';

const intentMissing = (): ListProblem =>
  problem(null, 'intent_missing', `Discord lists no members for this bot. ${SWITCH}`);

const Entries = Schema.Array(Schema.Unknown);

interface ReadMembers {
  readonly members: readonly ApiGuildMember[];
  readonly problems: readonly ListProblem[];
  /** The highest id of the page, also of an entry that is broken otherwise; null: none is above `after`. */
  readonly last: string | null;
}

/** The user id of an entry, however broken the rest of it is. */
const idOf = (entry: unknown): string | null => {
  const user = typeof entry === 'object' && entry !== null && 'user' in entry ? entry.user : null;
  const id = typeof user === 'object' && user !== null && 'id' in user ? user.id : null;
  return isSnowflake(id) ? id : null;
};

/** Reads each entry by itself: a broken one is told and never sinks the page. */
const readMembers = (entries: readonly unknown[], guild: string, after: string | null): ReadMembers => {
  const members: ApiGuildMember[] = [];
  const problems: ListProblem[] = [];
  let last: string | null = null;
  for (const entry of entries) {
    const id = idOf(entry);
    if (id !== null && compareSnowflakes(id, last ?? after ?? '0') > 0) last = id;
    const read = readGuildMember(entry);
    if (typeof read === 'string') problems.push(problem(id ?? guild, 'malformed_member', read));
    else members.push(read);
  }
  return { members, problems, last };
};

interface MembersOf extends PeopleSurveyor {
  readonly cursor: PeopleCursorAt<'members'>;
  /** True when nobody else tells of the guild itself, which has to be there before its members. */
  readonly withGuild: boolean;
  readonly applicationFlags: number | null;
  /** True once this survey was given members of any guild. */
  readonly listsMembers: boolean;
}

const page = (entries: readonly unknown[], guild: KnownGuild, { cursor, withGuild }: MembersOf): FoundPeople => {
  const { after, whole } = cursor;
  const { members, problems, last } = readMembers(entries, guild.id, after);
  const administrators = administratorRoles(guild);
  const mayBeMore = entries.length >= MEMBER_LIMIT;
  const stuck = mayBeMore && last === null;
  const intact = cursor.intact && problems.length === 0 && !stuck;
  return {
    ...(withGuild && after === null ? { groups: [guildGroup(guild)] } : {}),
    contacts: members.map(({ user }) => contactOf(user)),
    members: [{ groupExternalId: guild.id, members: members.map((member) => memberOf(member, guild, administrators)) }],
    ...(intact && !mayBeMore ? { membersOf: guild.id } : {}),
    problems: stuck
      ? [...problems, problem(guild.id, 'members_incomplete', 'The list of members does not tell how to go on.')]
      : problems,
    next: mayBeMore && last !== null ? { ...cursor, after: last, intact } : leave('members', guild.id, whole && intact),
  };
};

/**
 * What a refusal means. Where the application lacks the intent Discord refuses every guild, and too many refusals ban
 * an address: the first is the last. Unless members were listed before: then the flags mean nothing on this server.
 */
const refused = (message: string, { cursor, applicationFlags: flags, listsMembers }: MembersOf): FoundPeople => {
  const { guild } = cursor;
  if (listsMembers) return passOver('members', guild, 'guild_unreadable', message);
  if (flags === null)
    return passOver('members', guild, 'intent_missing', `${message}. If the bot is still in this guild: ${SWITCH}`);
  if (!hasIntent(flags)) return { problems: [intentMissing()], next: null };
  return passOver('members', guild, 'guild_unreadable', message);
};

/**
 * One page of the members of a guild. What its rows need to know of the guild is asked for first, if nobody told it.
 */
export const listMembers = (survey: MembersOf): PeopleFound => {
  const { requests, atlas, cursor } = survey;
  const { guild, after } = cursor;
  if (isDown(atlas, guild)) return Effect.succeed(passOver('members', guild, 'guild_unavailable', DOWN));
  const known = atlas.guild(guild);
  if (!known.described || known.roles === null) {
    return askForGuild(survey, guild).pipe(
      Effect.map(({ answer }): FoundPeople => ({ next: cursor, answer })),
      Effect.catchIf(isPassedOver(survey), ({ message }) =>
        Effect.succeed(passOver('members', guild, 'guild_unreadable', message)),
      ),
    );
  }
  return requests.get(`/guilds/${guild}/members`, { limit: MEMBER_LIMIT, after }, Entries).pipe(
    Effect.map((answer): FoundPeople => ({ ...page(answer.value, known, survey), answer })),
    Effect.catchIf(isPassedOver(survey), ({ _tag, message }) =>
      Effect.succeed(
        _tag === 'AccessDenied' ? refused(message, survey) : passOver('members', guild, 'guild_unreadable', message),
      ),
    ),
  );
};
