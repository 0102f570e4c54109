import type { Bot } from '../world/bot.ts';
import type { Guild } from '../world/guild.ts';
import { jsonText, ok } from './answer.ts';
import { integerWithin, optionalSnowflake } from './form.ts';
import { ownGuild, type Route, type RouteRequest } from './route.ts';

const application = (bot: Bot): Record<string, unknown> => ({
  id: bot.id,
  name: bot.user.name,
  icon: null,
  description: '',
  summary: '',
  type: null,
  bot_public: true,
  bot_require_code_grant: false,
  verify_key: '0'.repeat(64),
  flags: bot.applicationFlags,
  hook: true,
  redirect_uris: [],
  interactions_endpoint_url: null,
  role_connections_verification_url: null,
  integration_types_config: { '0': {} },
  approximate_guild_count: 1,
  owner: null,
  team: null,
});

const partialGuild = (guild: Guild, bot: Bot, withCounts: boolean): Record<string, unknown> => ({
  id: guild.id,
  name: guild.name,
  icon: null,
  banner: null,
  owner: false,
  permissions: String(
    (guild.roles.get(guild.id) ?? 0n) | (guild.has(bot) ? (guild.roles.get(guild.botRoleId) ?? 0n) : 0n),
  ),
  features: ['COMMUNITY', 'NEWS'],
  ...(withCounts ? { approximate_member_count: guild.memberCount, approximate_presence_count: guild.bots.length } : {}),
});

const ownGuilds = ({ world, bot, query }: RouteRequest): Record<string, unknown>[] => {
  const limit = integerWithin(query, 'limit', 1, 200, 200);
  const after = optionalSnowflake(query, 'after') ?? 0n;
  const before = optionalSnowflake(query, 'before');
  return world
    .guildsOf(bot)
    .filter(({ id }) => BigInt(id) > after && (before === null || BigInt(id) < before))
    .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1))
    .slice(0, limit)
    .map((guild) => partialGuild(guild, bot, query.get('with_counts') === 'true'));
};

export const ACCOUNT_ROUTES: readonly Route[] = [
  { method: 'GET', template: '/gateway', handle: ({ gateway }) => ok({ url: gateway.url }) },
  {
    method: 'GET',
    template: '/gateway/bot',
    handle: ({ gateway, bot }) =>
      ok({ url: gateway.url, shards: 1, session_start_limit: gateway.sessionStartLimit(bot) }),
  },
  {
    method: 'GET',
    template: '/users/@me',
    handle: ({ bot }) =>
      ok({ ...(JSON.parse(bot.user.json) as object), verified: true, mfa_enabled: true, email: null, bio: '' }),
  },
  { method: 'GET', template: '/oauth2/applications/@me', handle: ({ bot }) => ok(application(bot)) },
  { method: 'GET', template: '/applications/@me', handle: ({ bot }) => ok(application(bot)) },
  { method: 'GET', template: '/users/@me/guilds', handle: (request) => ok(ownGuilds(request)) },
  {
    method: 'GET',
    template: '/users/@me/guilds/:guildId/member',
    handle: (request) => jsonText(200, ownGuild(request).botMember(request.bot)),
  },
];
