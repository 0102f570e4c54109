import {
  isHostedLidUser,
  isHostedPnUser,
  isJidGroup,
  isLidUser,
  isPnUser,
  jidDecode,
  jidNormalizedUser,
} from '@whiskeysockets/baileys';
import { phoneOfDigits } from '../../../domain/phone.ts';

/** An address without device, of the plain servers. Empty where there is none. */
export const plainJid = (jid: string | null | undefined): string => {
  if (!jid) return '';
  const user = jidDecode(jid)?.user ?? '';
  if (isHostedPnUser(jid)) return `${user}@s.whatsapp.net`;
  if (isHostedLidUser(jid)) return `${user}@lid`;
  return jidNormalizedUser(jid);
};

/**
 * A direct chat or a group: status updates, broadcast lists, newsletters and bots of the platform hold no history of
 * ours.
 */
export const isConversation = (jid: string): boolean =>
  jid !== '0@s.whatsapp.net' && (isPnUser(jid) === true || isLidUser(jid) === true || isJidGroup(jid) === true);

export const isPerson = (jid: string): boolean => isPnUser(jid) === true || isLidUser(jid) === true;

/**
 * Whether an address is the account's own, of whichever of its devices. The same digits may be one's phone and
 * another's LID.
 */
export const isOwnAddress = (me: Partial<Record<'id' | 'lid', string>> | undefined, jid: string): boolean =>
  [me?.id, me?.lid].some((own) => own !== undefined && plainJid(own) === plainJid(jid));

/** E.164 of a phone address; null for every other. */
export const phoneOf = (jid: string): string | null =>
  isPnUser(jid) ? phoneOfDigits(jidDecode(jid)?.user ?? '') : null;
