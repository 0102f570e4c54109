import type { Credentials } from '../channel.ts';

/** Discord's tokens have about 70 characters; anything near these bounds is a mistake in pasting. */
const SHORTEST = 3;
const LONGEST = 512;

/** Says what is wrong with a bot token before anybody is asked. Never repeats the token. */
export const refuseCredentials = ({ token }: Credentials): string | null => {
  if (token === undefined) return 'is required: the bot token from the developer portal';
  if (typeof token !== 'string' || token.trim() === '')
    return 'The token is empty; paste the bot token from the developer portal.';
  if (/^(Bot|Bearer)\s/i.test(token))
    return 'The token starts with "Bot " or "Bearer "; give the token alone, without that word.';
  if (/\s/.test(token))
    return 'The token contains a space or line break; give it exactly as the developer portal shows it.';
  if (!/^[\x21-\x7e]+$/.test(token))
    return 'The token contains characters that no bot token has; it is plain ASCII without spaces.';
  if (token.length < SHORTEST) return 'The token is too short to be a bot token.';
  if (token.length > LONGEST) return `The token is longer than ${LONGEST} characters, so it is no bot token.`;
  return null;
};
