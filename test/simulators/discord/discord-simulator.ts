import type { Faults } from './faults/faults.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { DeletedMessage, TrueMessage } from './ground-truth.ts';
import type { RequestLog } from './request-log.ts';
import type { InvalidRequests } from './rest/invalid-requests.ts';
import type { RateLimiter } from './rest/rate-limiter.ts';
import type { Bot } from './world/bot.ts';
import type { World } from './world/world.ts';

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
  readonly deleted: () => Iterable<DeletedMessage>;
  readonly close: () => Promise<void>;
}
