import { GatewayCloseCodes } from 'discord.js';
import type { ConnectionLost } from '../../channel.ts';
import type { PlatformFailure } from '../../platform-failure.ts';
import { wordsOf } from '../rest/failures.ts';
import { GatewayAnswerUnusable } from '../rest/gateway-answer.ts';

const lost = (fate: ConnectionLost['fate'], code: string, message: string): ConnectionLost => ({
  type: 'connectionLost',
  fate,
  code,
  message,
});

export const tokenRefused = (): ConnectionLost =>
  lost(
    'refused',
    'token_refused',
    'Discord refuses the bot token. Reset it in the developer portal (Bot > Token) and give the new one.',
  );

const INTENTS =
  'Enable "Message Content Intent" for the bot in the developer portal (Bot > Privileged Gateway Intents), then connect again.';

export const intentsMissing = (): ConnectionLost =>
  lost('refused', 'intents_missing', `Discord refuses the intents of this bot. ${INTENTS}`);

/** What is known of a gateway that was tried in vain. */
export interface GatewayContact {
  /** True once it said HELLO. */
  readonly greeted: boolean;
  /** What went wrong with the last connection, in words; null: nothing that anybody heard of. */
  readonly trouble: string | null;
}

const because = (words: string | null): string => (words === null ? '.' : `: ${words}`);

export const loginTimedOut = ({ greeted, trouble }: GatewayContact): ConnectionLost =>
  lost(
    'transient',
    'login_timeout',
    greeted
      ? 'The gateway took the connection but did not become ready in time.'
      : `The gateway could not be reached in time${because(trouble)}`,
  );

export const stayedAway = (): ConnectionLost =>
  lost('transient', 'gateway_unreachable', 'The gateway connection was lost and could not be restored in time.');

/**
 * The close codes after which Discord takes nobody back (docs: Gateway Close Event Codes). Null for all others:
 * the library reconnects by itself.
 */
export const lossOfCloseCode = (code: number): ConnectionLost | null => {
  switch (code) {
    case GatewayCloseCodes.AuthenticationFailed:
      return tokenRefused();
    case GatewayCloseCodes.InvalidIntents:
    case GatewayCloseCodes.DisallowedIntents:
      return intentsMissing();
    case GatewayCloseCodes.InvalidShard:
    case GatewayCloseCodes.ShardingRequired:
      return lost(
        'refused',
        'sharding_refused',
        `The gateway refuses the number of shards (${code}); connect again, and report it if it stays.`,
      );
    case GatewayCloseCodes.InvalidAPIVersion:
      return lost(
        'refused',
        'api_version_refused',
        'The gateway no longer speaks the version of this build; upgrade the service.',
      );
    default:
      return null;
  }
};

const isSessionLimit = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Not enough sessions remaining');

/** Why a login failed: `failure` is what its one REST request came to; null when that one succeeded. */
export const lossOfLogin = (failure: PlatformFailure | null, error: unknown): ConnectionLost => {
  if (isSessionLimit(error)) {
    return lost(
      'transient',
      'session_limit',
      'The bot has used up its logins of today; Discord allows more when the count resets.',
    );
  }
  if (error instanceof GatewayAnswerUnusable) return lost('transient', 'login_failed', error.message);
  if (failure === null)
    return lost('transient', 'login_failed', `The gateway connection could not be made: ${wordsOf(error)}`);
  switch (failure._tag) {
    case 'CredentialsRefused':
      return tokenRefused();
    case 'RateLimited':
      return {
        ...lost('transient', 'rate_limited', 'Discord limits logins at the moment; it is tried again later.'),
        saidStop: { retryAfterMs: failure.retryAfterMs },
      };
    case 'Unreachable':
      return lost('transient', 'unreachable', failure.message);
    default:
      return lost('transient', 'bad_answer', failure.message);
  }
};
