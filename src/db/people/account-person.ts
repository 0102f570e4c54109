import { createHash } from 'node:crypto';
import type { ChannelName } from '../../domain/channel-name.ts';
import { PersonId } from '../../domain/ids.ts';

/** A name space of our own (RFC 9562, 5.5). */
const NAMESPACE = Buffer.from('6f6d6e692d686973746f72792d2d3031', 'hex');

/**
 * The id of the person that a sync makes of an account whose phone it does not know: derived from the account, so two
 * instances that meet it, however close in time, mean the same row, and need no index to find that out.
 */
export const personOfAccount = (channel: ChannelName, externalId: string): PersonId => {
  const bytes = createHash('sha1').update(NAMESPACE).update(`${channel}:${externalId}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return PersonId.make(bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
};
