import type { Bot } from '../world/bot.ts';

/**
 * What `GET /gateway/bot` tells of the gateway.
 * https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export interface GatewayFront {
  readonly url: string;
  /** For a client that came by this host; null: nobody knows by which. */
  readonly urlFor: (host: string | null) => string;
  readonly sessionStartLimit: (bot: Bot) => SessionStartLimit;
}

export interface SessionStartLimit {
  readonly total: number;
  readonly remaining: number;
  /** ms */
  readonly reset_after: number;
  readonly max_concurrency: number;
}
