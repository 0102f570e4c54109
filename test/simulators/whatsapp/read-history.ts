import { inflateSync } from 'node:zlib';
import { downloadEncryptedContent, getMediaKeys, proto } from '@whiskeysockets/baileys';
import type { WhatsAppSimulator } from './whatsapp-simulator.ts';

/** Opens what a notification of history brings, or points to: as Baileys does, but at the simulator's media host. */
export const readHistory = async (
  { mediaUrl }: Pick<WhatsAppSimulator, 'mediaUrl'>,
  notification: proto.Message.IHistorySyncNotification,
): Promise<proto.HistorySync> => {
  const { initialHistBootstrapInlinePayload: inline, directPath, mediaKey } = notification;
  if (inline) return proto.HistorySync.decode(inflateSync(inline));
  const keys = await getMediaKeys(mediaKey, 'md-msg-hist');
  const stream = await downloadEncryptedContent(`${mediaUrl}${directPath}`, keys);
  return proto.HistorySync.decode(inflateSync(Buffer.concat(await stream.toArray())));
};
