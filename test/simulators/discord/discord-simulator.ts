import type { Faults } from './faults/faults.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { DeletedMessage, TrueMessage } from './ground-truth.ts';
import type { TrueContact, TrueGroup, TrueMember } from './people-truth.ts';
import type { RequestLog } from './request-log.ts';
import type { InvalidRequests } from './rest/invalid-requests.ts';
import type { RateLimiter, RateLimits } from './rest/rate-limiter.ts';
import type { Bot } from './world/bot.ts';
import type { World } from './world/world.ts';
import type { WorldPlan } from './world/world-plan.ts';

export interface SimulatorOptions {
  /** 0 (the default) picks a free one. */
  readonly port?: number;
  /** The world, its faults and its ids follow from it. */
  readonly seed?: number;
  /** The simulator's only clock but for heartbeats, ms. */
  readonly now?: () => number;
  readonly world?: WorldPlan;
  /** What differs from Discord's figures; `off` opens every limiter. */
  readonly rateLimits?: Partial<RateLimits> | 'off';
  /** Answers of 401, 403 and 429 in 10 minutes that ban the client; 10,000 as with Discord. */
  readonly invalidRequestLimit?: number;
  /** Every REST answer is this late. */
  readonly latencyMs?: number;
  readonly heartbeatIntervalMs?: number;
  /** The least time between two IDENTIFYs of a bot. */
  readonly identifyIntervalMs?: number;
}

/** A Discord to talk to: REST v10 and Gateway v10 on one port of loopback. */
export interface DiscordSimulator {
  /** For `new Client({ rest: { api } })`: `http://127.0.0.1:PORT/api`. */
  readonly apiUrl: string;
  readonly port: number;
  /** Of the default bot. */
  readonly token: string;
  readonly bot: Bot;
  readonly world: World;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly limiter: RateLimiter;
  readonly invalidRequests: InvalidRequests;
  readonly gateway: Gateway;
  /** Every message that a bot (without a token: the default one) can read now. */
  readonly groundTruth: (token?: string) => Iterable<TrueMessage>;
  /** Everybody who shares a guild with that bot, its guilds with their channels, and the members of those. */
  readonly contacts: (token?: string) => Iterable<TrueContact>;
  readonly groups: (token?: string) => Iterable<TrueGroup>;
  readonly members: (token?: string) => Iterable<TrueMember>;
  readonly deleted: () => Iterable<DeletedMessage>;
  readonly close: () => Promise<void>;
}
