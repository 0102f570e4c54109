import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { getMediaKeys, type MediaType } from '@whiskeysockets/baileys';

/** What a message tells of a file, so that its reader can fetch, open and check it. */
export interface SealedFile {
  readonly bytes: Buffer;
  readonly mediaKey: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
  /** Of the plain file. */
  readonly fileLength: number;
}

const MAC_BYTES = 10;
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Encrypts a file as WhatsApp does: AES-256-CBC, then the first 10 bytes of an HMAC over IV and ciphertext. */
export const sealFile = async (plain: Buffer, type: MediaType): Promise<SealedFile> => {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, type);
  if (!macKey) throw new Error('No key for the MAC.');
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const mac = createHmac('sha256', macKey).update(iv).update(sealed).digest().subarray(0, MAC_BYTES);
  const bytes = Buffer.concat([sealed, mac]);
  return { bytes, mediaKey, fileSha256: sha256(plain), fileEncSha256: sha256(bytes), fileLength: plain.length };
};
