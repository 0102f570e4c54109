import { createHash } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import type { NewPush } from '../../session-vault.ts';
import type { HistoryNotification } from './awaited-answers.ts';

/**
 * A history notification as a push. Its name is a hash of what it says: a notification that the phone sends again,
 * under whatever id, is the same push.
 */
export const keptNotification = (notification: HistoryNotification): NewPush => {
  const bytes = Buffer.from(proto.Message.HistorySyncNotification.encode(notification).finish());
  return { name: `history.${createHash('sha256').update(bytes).digest('hex')}`, body: bytes.toString('base64') };
};

/** Throws when it is not what `keptNotification` made. */
export const notificationOf = (body: string): HistoryNotification =>
  proto.Message.HistorySyncNotification.decode(Buffer.from(body, 'base64'));
