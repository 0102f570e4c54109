import { createDecipheriv, createHash, createHmac } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { getMediaKeys, proto } from '@whiskeysockets/baileys';
import type { WhatsAppSimulator } from './whatsapp-simulator.ts';

const MAC_BYTES = 10;

/** A file could not be had: what the media host answered. */
class DownloadRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The media host answered ${status}.`);
    this.status = status;
  }
}

const check = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Error(`The file has another ${what} than it was told to have.`);
};

/**
 * Opens what a notification of history brings, or points to, and checks what can be checked. Not with Baileys'
 * `downloadEncryptedContent`: when the connection breaks in the middle, that one throws where nobody can catch it.
 */
export const readHistory = async (
  { mediaUrl }: Pick<WhatsAppSimulator, 'mediaUrl'>,
  notification: proto.Message.IHistorySyncNotification,
): Promise<proto.HistorySync> => {
  const { initialHistBootstrapInlinePayload: inline, directPath, mediaKey, fileEncSha256, fileSha256 } = notification;
  if (inline) return proto.HistorySync.decode(inflateSync(inline));
  const response = await fetch(`${mediaUrl}${directPath}`);
  const sealed = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new DownloadRefused(response.status);
  const hashOf = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
  check(hashOf(sealed).equals(fileEncSha256 ?? Buffer.alloc(0)), 'fileEncSha256');
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, 'md-msg-hist');
  const body = sealed.subarray(0, -MAC_BYTES);
  const mac = createHmac('sha256', macKey ?? '')
    .update(iv)
    .update(body)
    .digest()
    .subarray(0, MAC_BYTES);
  check(sealed.subarray(-MAC_BYTES).equals(mac), 'MAC');
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  const plain = Buffer.concat([decipher.update(body), decipher.final()]);
  check(hashOf(plain).equals(fileSha256 ?? Buffer.alloc(0)), 'fileSha256');
  return proto.HistorySync.decode(inflateSync(plain));
};
