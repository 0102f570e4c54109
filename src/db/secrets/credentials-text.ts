import type { Credentials } from '../../channels/channel.ts';
import type { SealingKey } from './sealing-key.ts';

/** Credentials as the text that is sealed. */
export const textOf = (credentials: Credentials): string => JSON.stringify(credentials);

/** A text that is no JSON was sealed before there were other credentials than tokens. */
export const credentialsIn = (text: string): Credentials => (text.startsWith('{') ? JSON.parse(text) : { token: text });

/** Equal for equal tokens; null where nothing tells one account from another before it is paired. */
export const fingerprintOf = (key: SealingKey, { token }: Credentials): string | null =>
  token === undefined ? null : key.fingerprint(token);
