import type { RateLimitedFault } from '../faults/fault.ts';
import type { RestFaults, StruckFault } from '../faults/rest-faults.ts';
import { spoil } from '../faults/spoil.ts';
import type { GatewayFront } from '../gateway/gateway-front.ts';
import type { RequestLog } from '../request-log.ts';
import type { Bot } from '../world/bot.ts';
import type { World } from '../world/world.ts';
import {
  type Answer,
  cloudflarePage,
  INVALID_API_VERSION,
  METHOD_NOT_ALLOWED,
  NO_USER_AGENT,
  NOT_FOUND,
  UNAUTHORIZED,
} from './answer.ts';
import { BadForm } from './form.ts';
import type { InvalidRequests } from './invalid-requests.ts';
import { type Call, type RateLimiter, tooMany } from './rate-limiter.ts';
import { Refusal } from './route.ts';
import { type MatchedRoute, matchRoute } from './route-table.ts';

export interface RestRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly userAgent: string | undefined;
  readonly host: string | undefined;
}

/** What to send, and how a fault spoils the sending. */
export interface Reply {
  readonly answer: Answer;
  readonly struck: StruckFault | null;
}

export interface RestApiParts {
  readonly world: World;
  readonly gateway: GatewayFront;
  readonly limiter: RateLimiter;
  readonly invalid: InvalidRequests;
  readonly faults: RestFaults;
  readonly log: RequestLog;
  readonly now: () => number;
}

/** The gateway as the client of this request reaches it. */
const gatewayBy = (host: string | undefined, gateway: GatewayFront): GatewayFront => ({
  url: gateway.urlFor(host ?? null),
  urlFor: (other) => gateway.urlFor(other),
  sessionStartLimit: (bot) => gateway.sessionStartLimit(bot),
});

const BANNED = cloudflarePage(403, 'Access denied');

/** Discord's REST API v10, from request to answer, without the wire. */
export class RestApi {
  readonly #parts: RestApiParts;

  constructor(parts: RestApiParts) {
    this.#parts = parts;
  }

  handle(request: RestRequest): Reply {
    const { log, invalid, now } = this.#parts;
    const at = now();
    const [path = '', query = ''] = request.url.split('?', 2);
    const versioned = /^\/api\/v(\d+)(\/.*)$/.exec(path);
    const matched = versioned === null ? null : matchRoute(versioned[2] ?? '');
    const reply = invalid.banned
      ? { answer: BANNED, struck: null }
      : this.#decide(request, versioned?.[1], matched, query);
    invalid.note(reply.answer.status, reply.answer.headers);
    log.add({
      at,
      method: request.method,
      route: matched?.route.template ?? path,
      channelId: matched?.params['channelId'] ?? null,
      query,
      host: request.host ?? null,
      status: reply.answer.status,
    });
    return reply;
  }

  #decide(request: RestRequest, version: string | undefined, matched: MatchedRoute | null, query: string): Reply {
    const refused = (answer: Answer): Reply => ({ answer, struck: null });
    if (request.userAgent === undefined || request.userAgent === '') return refused(NO_USER_AGENT);
    if (version !== undefined && version !== '10') return refused(INVALID_API_VERSION);
    if (matched === null) return refused(NOT_FOUND);
    if (request.method !== matched.route.method) return refused(METHOD_NOT_ALLOWED);
    const token = /^Bot (\S+)$/.exec(request.authorization ?? '')?.[1];
    const bot = token === undefined ? null : this.#parts.world.botOf(token);
    return bot === null ? refused(UNAUTHORIZED) : this.#serve(bot, matched, query, request.host);
  }

  #serve(bot: Bot, matched: MatchedRoute, query: string, host: string | undefined): Reply {
    const { limiter, faults } = this.#parts;
    const { channelId, guildId } = matched.params;
    const route = matched.route.template;
    const call: Call = { token: bot.token, route, major: channelId ?? guildId ?? '' };
    const verdict = limiter.take(call);
    if ('refused' in verdict) return { answer: verdict.refused, struck: null };

    const answer = this.#answer(bot, matched, query, host);
    const right = { ...answer, headers: { ...answer.headers, ...verdict.headers } };
    const struck = faults.strike({ route, channelId: channelId ?? null, guildId: guildId ?? null });
    if (struck === null) return { answer: right, struck };
    const { fault } = struck;
    const spoiled = fault.kind === 'rateLimited' ? this.#refuse(call, fault) : spoil(fault, right);
    return { answer: spoiled, struck };
  }

  /** A time that shall not stand in the header must not follow from the other headers either. */
  #refuse(call: Call, { retryAfterMs, namedIn = 'both', scope = 'user' }: RateLimitedFault): Answer {
    const headers = retryAfterMs === null ? {} : this.#parts.limiter.block(call, scope, retryAfterMs);
    return tooMany(retryAfterMs, scope, namedIn === 'body' ? {} : headers, namedIn);
  }

  #answer(bot: Bot, { route, params }: MatchedRoute, query: string, host: string | undefined): Answer {
    const { world, log } = this.#parts;
    const gateway = gatewayBy(host, this.#parts.gateway);
    const noteForbidden = (): void => {
      log.forbidden += 1;
    };
    try {
      return route.handle({ world, gateway, bot, params, query: new URLSearchParams(query), noteForbidden });
    } catch (error) {
      if (error instanceof BadForm || error instanceof Refusal) return error.answer;
      throw error;
    }
  }
}
