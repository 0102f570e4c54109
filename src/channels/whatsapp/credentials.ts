import type { Credentials } from '../channel.ts';

/** Says what is wrong with what was given for a WhatsApp number. There is no secret to give: a phone vouches for us. */
export const refuseCredentials = ({ token, historyDepth }: Credentials): string | null => {
  if (token !== undefined)
    return 'A WhatsApp number has no token; leave it out, connect, and scan the QR code with the phone.';
  if (historyDepth !== 'recent' && historyDepth !== 'full')
    return 'historyDepth is missing; give "recent" (about the last three months) or "full" (as much as the phone gives).';
  return null;
};
