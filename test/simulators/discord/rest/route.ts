import type { GatewayFront } from '../gateway/gateway-front.ts';
import { canView } from '../world/access.ts';
import type { Bot } from '../world/bot.ts';
import type { Channel, Guild } from '../world/guild.ts';
import type { World } from '../world/world.ts';
import { type Answer, MISSING_ACCESS, UNKNOWN_CHANNEL, UNKNOWN_GUILD } from './answer.ts';
import { snowflakeOf } from './form.ts';

/** One authorized request on its way to its handler. */
export interface RouteRequest {
  readonly world: World;
  readonly gateway: GatewayFront;
  readonly bot: Bot;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Notes that a client asked to read what its permissions forbid; a good one looks first. */
  readonly noteForbidden: () => void;
}

export interface Route {
  readonly method: 'GET';
  /** With `:name` for parameters. */
  readonly template: string;
  readonly handle: (request: RouteRequest) => Answer;
}

/** An answer in place of a value, as an exception: lookups stay one line in every handler. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.body);
    this.answer = answer;
  }
}

/** The channel of the path, if this bot can see it. */
export const viewableChannel = ({ world, bot, params, noteForbidden }: RouteRequest): Channel => {
  const id = String(snowflakeOf('channel_id', params['channelId'] ?? ''));
  const channel = world.find(id);
  if (channel === null) throw new Refusal(UNKNOWN_CHANNEL);
  if (!canView(bot, channel)) {
    noteForbidden();
    throw new Refusal(MISSING_ACCESS);
  }
  return channel;
};

/** The guild of the path, if this bot is in it. */
export const ownGuild = ({ world, bot, params }: RouteRequest): Guild => {
  const id = String(snowflakeOf('guild_id', params['guildId'] ?? ''));
  const guild = world.guilds.find((candidate) => candidate.id === id);
  if (guild === undefined) throw new Refusal(UNKNOWN_GUILD);
  if (!guild.has(bot)) throw new Refusal(MISSING_ACCESS);
  return guild;
};
