import { canView } from '../world/access.ts';
import { channelObject } from '../world/channel-object.ts';
import { guildObject, roleObjects } from '../world/guild-object.ts';
import { jsonText, MISSING_ACCESS, ok, UNKNOWN_MEMBER } from './answer.ts';
import { threadList } from './channel-routes.ts';
import { integerWithin, optionalSnowflake, snowflakeOf } from './form.ts';
import { ownGuild, type Route } from './route.ts';

export const GUILD_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    template: '/guilds/:guildId',
    handle: (request) => {
      const guild = ownGuild(request);
      const counts = { approximate_member_count: guild.memberCount, approximate_presence_count: guild.bots.length };
      return ok({ ...guildObject(guild), ...(request.query.get('with_counts') === 'true' ? counts : {}) });
    },
  },
  {
    // Names also channels that the bot cannot view: their overwrites say so.
    method: 'GET',
    template: '/guilds/:guildId/channels',
    handle: (request) =>
      ok(
        [...ownGuild(request).channels.values()]
          .filter(({ thread }) => thread === null)
          .map((channel) => channelObject(channel, request.bot.id)),
      ),
  },
  { method: 'GET', template: '/guilds/:guildId/roles', handle: (request) => ok(roleObjects(ownGuild(request))) },
  {
    method: 'GET',
    template: '/guilds/:guildId/threads/active',
    handle: (request) => {
      const active = [...ownGuild(request).threads()].filter(
        (channel) => channel.thread?.archivedAt === null && canView(request.bot, channel),
      );
      return ok(
        threadList(
          active.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1)),
          request.bot.id,
        ),
      );
    },
  },
  {
    method: 'GET',
    template: '/guilds/:guildId/members',
    handle: (request) => {
      const guild = ownGuild(request);
      const limit = integerWithin(request.query, 'limit', 1, 1_000, 1);
      const after = optionalSnowflake(request.query, 'after') ?? 0n;
      if (!request.bot.privileged.has('GuildMembers')) return MISSING_ACCESS;
      return jsonText(200, `[${guild.membersAfter(after, limit).join(',')}]`);
    },
  },
  {
    method: 'GET',
    template: '/guilds/:guildId/members/:userId',
    handle: (request) => {
      const member = ownGuild(request).member(snowflakeOf('user_id', request.params['userId'] ?? ''));
      return member === null ? UNKNOWN_MEMBER : jsonText(200, member);
    },
  },
];
